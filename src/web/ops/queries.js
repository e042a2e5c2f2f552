// GraphQL operations of the page. The first request reads everything. Later requests read the daily figures less often,
// and only those of the last days.

const RUN = `fragment run on JobRun {
  id job state origin scheduledFor businessDay dryRun backfillFrom backfillTo attempt process requestedBy reason
  cancelRequestedAt cancelRequestedBy cancelReason progress report finding hadEffect error createdAt startedAt endedAt }`;

export const PAGE = `query OpsPage($figures: Boolean!, $days: Int!, $job: String, $state: JobRunState, $runs: Int!, $withEffect: Boolean!) {
  viewer { name scopes }
  clock { serverTime businessDay timeZone }
  jobs { name description takesDay enabled schedule catchUp pausedAt pausedBy pauseReason nextDueAt lagSeconds
    backlog { count unit } running { ...run } lastRun { ...run } recentRuns { id state hadEffect tookMs } }
  parkedAwardCount
  books @include(if: $figures) { balanced auditedThrough violations unfinished }
  parkedAwards { id userId item amount coinId settleError updatedAt }
  processes(first: 50) { id name version scheduler startedAt heartbeatAt alive clockSkewMs }
  endpoints { name url disabledReason position pending failures lastError nextAttemptAt lastSuccessAt deadLetterCount
    deadLetters { after through error redeliveredAt } }
  auditLog(first: 10) { id at actor action subject reason before after requestId }
  jobRuns(job: $job, state: $state, first: $runs, onlyWithEffect: $withEffect) { ...run }
  businessDays(first: $days) @include(if: $figures) { day state closedAt closedByRun signIns
    totals { item coinId awards amount }
    settlements { coinId settled settledAmount reversed reversedAmount } }
  rules @include(if: $figures) { item amount maxAmount coinId dailyLimit enabled opensAt closesAt invite { lifetimeLimit }
    texts { titleEn titleZh descriptionEn descriptionZh link } }
  budgets @include(if: $figures) { item day { limit spent left } dayRunsOutAt total { limit spent left } totalRunsOutOn }
  bookAudits(first: 30) @include(if: $figures) { runId businessDay beganAt endedAt checks unfinished violations
    findings { check violations details error } }
} ${RUN}`;

/** Reads a further page of runs, those before `below`. */
export const OLDER_RUNS = `query OlderRuns($job: String, $state: JobRunState, $runs: Int!, $withEffect: Boolean!, $below: ID!) {
  jobRuns(job: $job, state: $state, first: $runs, onlyWithEffect: $withEffect, below: $below) { ...run }
} ${RUN}`;

export const FOLLOW = `query FollowRun($id: ID!) { jobRun(id: $id) { ...run } } ${RUN}`;

export const FOLLOW_BACKFILL = `query FollowBackfill($job: String!) {
  queued: jobRuns(job: $job, state: QUEUED, first: 100) { ...run }
  running: jobRuns(job: $job, state: RUNNING, first: 1) { ...run }
  ended: jobRuns(job: $job, first: 100) { ...run }
} ${RUN}`;

export const CHANGES = {
  retry: `mutation RetryAward($ids: [ID!]!, $reason: String!) {
    retryAwards(selection: { ids: $ids }, reason: $reason) { changed { count } unchanged { count } problems { message } } }`,
  void: `mutation VoidAward($ids: [ID!]!, $reason: String!) {
    voidAwards(selection: { ids: $ids }, reason: $reason) { changed { count } unchanged { count } problems { message } } }`,
  run: `mutation RunJob($job: String!, $day: Date, $dryRun: Boolean!, $reason: String!) {
    runJob(job: $job, businessDay: $day, dryRun: $dryRun, reason: $reason) {
      queued runs { ...run } problems { message } } } ${RUN}`,
  backfill: `mutation BackfillJob($job: String!, $from: Date!, $to: Date!, $reason: String!) {
    backfillJob(job: $job, from: $from, to: $to, reason: $reason) {
      queued runs { id businessDay state } problems { message } } }`,
  cancel: `mutation CancelJobRun($id: ID!, $whole: Boolean!, $reason: String!) {
    cancelJobRun(id: $id, wholeBackfill: $whole, reason: $reason) { cancelled problems { message } } }`,
  pause: `mutation PauseJob($job: String!, $reason: String!) {
    pauseJob(job: $job, reason: $reason) { changed problems { message } } }`,
  resume: `mutation ResumeJob($job: String!, $reason: String!) {
    resumeJob(job: $job, reason: $reason) { changed problems { message } } }`,
};
