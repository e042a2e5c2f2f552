// The side panel of ready tabs: opens each of them, also after it was closed or edited.
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { t } from './language.js';
import { tabs } from './tabs.js';

const Icon = () => (
  <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
    <rect x="2.5" y="3" width="15" height="4" rx="1" /><rect x="2.5" y="9" width="15" height="3" rx="1" /><rect x="2.5" y="14" width="15" height="3" rx="1" />
  </svg>
);

function Ready() {
  const open = useGraphiQL((state) => state.tabs);
  const { addTab, changeTab, updateActiveTabValues } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const show = ({ query, variables = '' }) => {
    const place = open.findIndex((tab) => tab.query === query);
    if (place >= 0) return changeTab(place);
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
    return updateActiveTabValues({ query, variables });
  };
  return (
    <section aria-label={t.ready.title} className="newbee-ready">
      <h2 className="newbee-panel-title">{t.ready.title}</h2>
      <ul>
        {tabs.map((tab) => (
          <li key={tab.title}>
            <button type="button" onClick={() => show(tab)}>
              <b>{tab.title}</b>
              <span>{tab.about}</span>
              {tab.suits && <small>{t.ready.as(tab.suits)}</small>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export const READY_PLUGIN = { title: t.ready.title, icon: Icon, content: Ready };
