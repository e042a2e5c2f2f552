// Sign-ins at midnight on one primary: peak rate, longest wait and the cores that it takes, for numbers of users.
//
//   node tests/bench/midnight.mjs [--half-life 300] [--share 0.5]
//
// A share of the users signs in on a day; half of them in the first `half-life` seconds after midnight, half of the rest in
// the next, and so on. Both are assumptions: replace them by your own. The cost of a sign-in is measured (deploy/scale.md).

const argument = (name, otherwise) => {
  const place = process.argv.indexOf(`--${name}`);
  return place < 0 ? otherwise : Number(process.argv[place + 1]);
};
const HALF_LIFE = argument("half-life", 300);
const SHARE = argument("share", 0.5);
if (!(HALF_LIFE > 0 && SHARE > 0 && SHARE <= 1)) {
  console.error("--half-life: a number of seconds; --share: more than 0, at most 1");
  process.exit(2);
}

// Milliseconds of CPU of all Postgres processes per statement of 64 sign-ins.
// On Citus, a quarter of a full batch of 256 in 8 shards.
const COSTS = { primary: 4.75, citus: { coordinator: 2.0, workers: 7.0 } };
const perSecondAndCore = (cost) => (64 / cost) * 1000;

// Serves arrivals at a fixed rate, second by second; returns the longest wait in seconds.
function longestWait(users, rate) {
  let waiting = 0;
  let longest = 0;
  const signing = users * SHARE;
  for (let second = 0; second < 24 * 3600; second++) {
    const arrived = signing * (2 ** (-second / HALF_LIFE) - 2 ** (-(second + 1) / HALF_LIFE));
    waiting = Math.max(0, waiting + arrived - rate);
    longest = Math.max(longest, waiting / rate);
    if (waiting === 0 && arrived < rate) break;
  }
  return longest;
}

// Fewest cores with which nobody waits longer than `bound` seconds.
function cores(users, perCore, bound) {
  let most = 1;
  while (longestWait(users, most * perCore) > bound) most *= 2;
  let least = most / 2;
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (longestWait(users, middle * perCore) > bound) least = middle;
    else most = middle;
  }
  return most;
}

const onPrimary = perSecondAndCore(COSTS.primary);
const onCoordinator = perSecondAndCore(COSTS.citus.coordinator);
const onWorkers = perSecondAndCore(COSTS.citus.workers);
console.log(`Sign-ins per second and core: primary ${Math.round(onPrimary)}, coordinator ${Math.round(onCoordinator)}, workers ${Math.round(onWorkers)}`);
const rows = [1e6, 1e7, 1e8].map((users) => ({
  users,
  "sign-ins/s at the peak": Math.round((users * SHARE * Math.LN2) / HALF_LIFE),
  "cores, wait < 1 s": cores(users, onPrimary, 1),
  "cores, wait < 60 s": cores(users, onPrimary, 60),
  "Citus: coordinator + workers, wait < 1 s": `${cores(users, onCoordinator, 1)} + ${cores(users, onWorkers, 1)}`,
}));
console.table(rows);
