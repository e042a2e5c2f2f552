// Below the reply: status, time, size and request id of the tab's last request, and the user who sent it.
import { useGraphiQL } from '@graphiql/react';
import { replies } from './fetcher.js';
import { t } from './language.js';
import { session } from './session.js';
import { useValue } from './store.js';

const UNITS = [['MB', 1_000_000], ['kB', 1_000]];

function sizeOf(bytes) {
  const unit = UNITS.find(([, size]) => bytes >= size);
  return unit ? `${(bytes / unit[1]).toFixed(1)} ${unit[0]}` : `${bytes} B`;
}

const timeOf = (milliseconds) => (milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`);

export function ReplyFooter() {
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  const reply = useValue(replies)[tab];
  const key = useValue(session);
  return (
    <div className="newbee-reply" role="status">
      {reply && <span className={reply.key === key ? undefined : 'is-stale'}>{reply.key === key ? t.reply.as(reply.name) : t.reply.stale(reply.name)}</span>}
      {reply?.status && (
        <>
          <span className={reply.status < 400 ? 'is-good' : 'is-bad'}>HTTP {reply.status}</span>
          <span title={t.reply.time}>{timeOf(reply.milliseconds)}</span>
          <span title={t.reply.size}>{sizeOf(reply.bytes)}</span>
          {reply.requestId && <span className="newbee-request" title={t.reply.requestId}>{t.reply.requestIdLabel} {reply.requestId}</span>}
        </>
      )}
    </div>
  );
}
