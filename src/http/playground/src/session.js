// The key of whoever is signed in: kept for this browser session and this page alone, never in localStorage.
import { api } from './page.js';
import { createStore } from './store.js';

const NAME = `newbee:${api}:key`;
// Visible ASCII and at most as long as the server takes: anything else could not even be sent.
const IS_KEY = /^[\x21-\x7e]{1,55}$/;

export const isKey = (text) => IS_KEY.test(text);
export const session = createStore(sessionStorage.getItem(NAME) ?? '');

export function signIn(key) {
  sessionStorage.setItem(NAME, key);
  session.set(key);
}

// An empty key stays: who signed out is not signed in again by a reload.
export const signOut = () => signIn('');

// In the demo a first visit begins as its first user.
export function beginAs(key) {
  if (key && sessionStorage.getItem(NAME) === null) signIn(key);
}

export const authorization = () => (session.get() ? { authorization: `Bearer ${session.get()}` } : {});
