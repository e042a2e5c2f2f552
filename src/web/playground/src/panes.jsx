// The editors and the reply. A phone shows one of them at a time, with a switch; wide screens show both.
import { useGraphiQL } from '@graphiql/react';
import { useEffect, useLayoutEffect, useState } from 'react';
import { activeTab, replies } from './fetcher.js';
import { t } from './language.js';
import { session } from './session.js';
import { useValue } from './store.js';

const PANES = ['query', 'reply'];

// `none` before the first reply of the tab, `stale` if the reply belongs to another user.
function useReplyState(tab) {
  const hasReply = useGraphiQL((state) => Boolean(state.tabs[state.activeTabIndex]?.response || state.isFetching || state.subscription));
  const reply = useValue(replies)[tab];
  const key = useValue(session);
  if (!hasReply) return 'none';
  return reply && reply.key !== key ? 'stale' : 'fresh';
}

export function Panes({ children }) {
  const [pane, setPane] = useState('query');
  const isFetching = useGraphiQL((state) => state.isFetching);
  const hasPanel = useGraphiQL((state) => Boolean(state.visiblePlugin));
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  useLayoutEffect(() => activeTab.set(tab), [tab]);
  // A run shows its reply; another tab shows its query first.
  useEffect(() => {
    if (isFetching) setPane('reply');
  }, [isFetching]);
  useEffect(() => setPane('query'), [tab]);
  const attributes = { 'data-pane': pane, 'data-panel': hasPanel ? 'open' : 'closed', 'data-reply': useReplyState(tab) };
  return (
    <main className="newbee-panes" {...attributes} style={{ '--nb-no-reply': JSON.stringify(t.reply.empty) }}>
      <div className="newbee-switch" role="group" aria-label={t.panes.label}>
        {PANES.map((name) => (
          <button key={name} type="button" aria-pressed={pane === name} onClick={() => setPane(name)}>{t.panes[name]}</button>
        ))}
      </div>
      {children}
    </main>
  );
}
