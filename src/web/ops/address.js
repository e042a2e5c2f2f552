// Which runs are listed and which of them is open, as the part of the address behind the #: a link shows the same again.

const FIELDS = ['job', 'state', 'run'];

/** `{job, state, all, run}` of an address such as `#runs?job=settle_awards&state=FAILED&run=59`. */
export function read() {
  const values = new URLSearchParams(location.hash.split('?')[1] ?? '');
  return { ...Object.fromEntries(FIELDS.map((field) => [field, values.get(field)])), all: values.get('all') === 'yes' };
}

/** The address of a list of runs. */
export function of(filter) {
  const values = new URLSearchParams(FIELDS.filter((field) => filter[field]).map((field) => [field, filter[field]]));
  if (filter.all) values.set('all', 'yes');
  const query = values.toString();
  return query ? `#runs?${query}` : '#runs';
}

export const write = (filter) => history.replaceState(null, '', of(filter));
