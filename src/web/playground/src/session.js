// The key in use: kept for this browser session and this page, never in localStorage.
import { api } from './page.js';
import { createStore } from './store.js';

const NAME = `newbee:${api}:key`;
// Visible ASCII, at most the maximum length of the server: other texts cannot be sent.
const IS_KEY = /^[\x21-\x7e]{1,55}$/;

export const isKey = (text) => IS_KEY.test(text);
export const session = createStore(sessionStorage.getItem(NAME) ?? '');
// The name that the header shows for the key.
export const signedInName = createStore('');

export function signIn(key) {
  sessionStorage.setItem(NAME, key);
  session.set(key);
}

// An empty key is stored too, so that a reload after a sign-out does not sign in again.
export const signOut = () => signIn('');

// In the demo, the first visit is signed in as the first demo user.
export function beginAs(key) {
  if (key && sessionStorage.getItem(NAME) === null) signIn(key);
}

export const authorization = () => (session.get() ? { authorization: `Bearer ${session.get()}` } : {});
