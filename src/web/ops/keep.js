// Browser storage: `localStorage` persists, `sessionStorage` belongs to this tab. Without storage the page still works.
const safely = (act) => {
  try {
    return act();
  } catch {
    return null;
  }
};

export const kept = (place, name) => safely(() => window[place].getItem(name));
/** Stores a value; null removes it. */
export const keep = (place, name, value) => safely(() => (value === null ? window[place].removeItem(name) : window[place].setItem(name, value)));
