// What a phone shows of GraphiQL at a time: the editors or the reply. Wide screens show both, and no switch.
import { useGraphiQL } from '@graphiql/react';
import { useEffect, useRef, useState } from 'react';

const PANES = { query: 'Query', reply: 'Result' };

export function Panes({ children }) {
  const [pane, setPane] = useState('query');
  const isFetching = useGraphiQL((state) => state.isFetching);
  const hasPanel = useGraphiQL((state) => Boolean(state.visiblePlugin));
  const activeTab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  const ran = useRef(false);
  // Whoever presses run wants to see what comes of it; whoever opens another tab wants to read that first.
  useEffect(() => {
    if (isFetching) { ran.current = true; setPane('reply'); }
  }, [isFetching]);
  useEffect(() => setPane('query'), [activeTab]);
  return (
    <main className="newbee-panes" data-pane={pane} data-panel={hasPanel ? 'open' : 'closed'}>
      <div className="newbee-switch" role="group" aria-label="Show">
        {Object.entries(PANES).map(([name, label]) => (
          <button key={name} type="button" aria-pressed={pane === name} onClick={() => setPane(name)}>{label}</button>
        ))}
      </div>
      {children}
    </main>
  );
}
