// Filter of the run list and the opened run, stored in the URL fragment so that a link reproduces the view.

const FIELDS = ['job', 'state', 'run'];

/** Parses `{job, state, all, run}` from a fragment such as `#runs?job=settle_awards&state=FAILED&run=59`. */
export function read() {
  const values = new URLSearchParams(location.hash.split('?')[1] ?? '');
  return { ...Object.fromEntries(FIELDS.map((field) => [field, values.get(field)])), all: values.get('all') === 'yes' };
}

/** Returns the fragment of a run list. */
export function of(filter) {
  const values = new URLSearchParams(FIELDS.filter((field) => filter[field]).map((field) => [field, filter[field]]));
  if (filter.all) values.set('all', 'yes');
  const query = values.toString();
  return query ? `#runs?${query}` : '#runs';
}

export const write = (filter) => history.replaceState(null, '', of(filter));
