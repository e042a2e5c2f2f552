// What is kept in the browser: `localStorage` for good, `sessionStorage` for this tab. Where nothing may be kept, the page
// works all the same.
const safely = (act) => {
  try {
    return act();
  } catch {
    return null;
  }
};

export const kept = (place, name) => safely(() => window[place].getItem(name));
/** Null forgets it. */
export const keep = (place, name, value) => safely(() => (value === null ? window[place].removeItem(name) : window[place].setItem(name, value)));
