// Below the reply: how it went.
import { lastReply } from './fetcher.js';
import { useValue } from './store.js';

const UNITS = [['MB', 1_000_000], ['kB', 1_000]];

function sizeOf(bytes) {
  const unit = UNITS.find(([, size]) => bytes >= size);
  return unit ? `${(bytes / unit[1]).toFixed(1)} ${unit[0]}` : `${bytes} B`;
}

const timeOf = (milliseconds) => (milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`);

export function ReplyFooter() {
  const reply = useValue(lastReply);
  return (
    <div className="newbee-reply" role="status">
      {reply && (
        <>
          <span className={reply.status < 400 ? 'is-good' : 'is-bad'}>HTTP {reply.status}</span>
          <span title="From sending to the last byte, as the browser saw it">{timeOf(reply.milliseconds)}</span>
          <span title="The reply as text, before compression">{sizeOf(reply.bytes)}</span>
          {reply.requestId && <span className="newbee-request" title="By this the request is found in the logs">request {reply.requestId}</span>}
        </>
      )}
    </div>
  );
}
