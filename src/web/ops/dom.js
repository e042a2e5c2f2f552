// Element creation, and minimal DOM updates: unchanged elements keep their focus, open details, selections and typed
// text.

const SVG = 'http://www.w3.org/2000/svg';
const IN_SVG = new Set(['svg', 'g', 'rect', 'line', 'text', 'path']);

/** Creates an element. `on…` attributes are listeners; attributes and children that are null or false are omitted. */
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

/** Updates the children of `parent` in place to match the given ones. Children with a `data-key` are matched by it. */
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
    // The reader controls the open state of details.
    if (name !== 'open' && !wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== 'open' && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  // A plot renders its own content.
  if (!old.hasAttribute('data-own')) patchChildren(old, wanted);
}

export const $ = (id) => document.getElementById(id);
