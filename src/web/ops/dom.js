// Making elements, and bringing what is shown up to date without touching what did not change: focus, open details,
// selections and half-typed text stay where they are.

const SVG = 'http://www.w3.org/2000/svg';
const IN_SVG = new Set(['svg', 'g', 'rect', 'line', 'text', 'path']);

/** An element. `on…` are listeners, null and false leave an attribute out, and so do they a child. */
export function h(tag, attributes, ...children) {
  const made = IN_SVG.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Makes `parent` hold just these children, by changing those it has. Those with a `data-key` are found again by it. */
export function show(parent, ...children) {
  patchChildren(parent, h('div', null, ...children));
}

function patchChildren(old, wanted) {
  const keyed = new Map();
  for (const child of old.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
  let place = old.firstChild;
  for (const next of [...wanted.childNodes]) {
    const key = next.dataset?.key;
    const match = key ? keyed.get(key) : place;
    if (match && match.nodeName === next.nodeName && match.dataset?.key === key) {
      if (match === place) place = place.nextSibling;
      else old.insertBefore(match, place);
      patch(match, next);
    } else old.insertBefore(next, place);
  }
  while (place) {
    const after = place.nextSibling;
    place.remove();
    place = after;
  }
}

function patch(old, wanted) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== wanted.data) old.data = wanted.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // Whether details are open is the reader's business.
    if (name !== 'open' && !wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== 'open' && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  // A plot draws itself.
  if (!old.hasAttribute('data-own')) patchChildren(old, wanted);
}

export const $ = (id) => document.getElementById(id);
