// GraphiQL with the additions of newbee: the user in use, ready tabs, live awards, code for clients, a layout for
// phones.
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from '@graphiql/plugin-doc-explorer';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN, HistoryStore } from '@graphiql/plugin-history';
import { GraphiQLProvider, Tooltip, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL, GraphiQLInterface } from 'graphiql';
import { useEffect, useRef } from 'react';
import { Editors } from './editors.jsx';
import { fetcher } from './fetcher.js';
import { Header } from './header.jsx';
import { Gate } from './key.jsx';
import { LIVE_PLUGIN } from './live.jsx';
import { isAdmin } from './page.js';
import { Panes } from './panes.jsx';
import { READY_PLUGIN } from './ready.jsx';
import { ReplyFooter } from './reply.jsx';
import { session } from './session.js';
import { storage } from './storage.js';
import { useValue } from './store.js';
import { tabs } from './tabs.js';
import { Tools } from './tools.jsx';

// A constant array: GraphiQL closes its side panel if it receives another array, even with the same entries.
const PLUGINS = [DOC_EXPLORER_PLUGIN, READY_PLUGIN, LIVE_PLUGIN, HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })].filter(Boolean);
const READY = tabs.map(({ query, variables }) => ({ query, variables }));

// The schema is read with the key, because another key may have access to it.
function SchemaFollowsKey() {
  const key = useValue(session);
  const { introspect } = useGraphiQLActions();
  const hasSchema = useGraphiQL((state) => Boolean(state.schema));
  const first = useRef(key);
  useEffect(() => {
    if (key !== first.current && !hasSchema) introspect();
    first.current = key;
  }, [key, hasSchema, introspect]);
  return null;
}

export function App({ settings, shared }) {
  const key = useValue(session);
  // The admin API requires a key for every request, including its schema.
  if (isAdmin && !key) return <Gate settings={settings} />;
  return (
    <GraphiQLProvider
      fetcher={fetcher}
      plugins={PLUGINS}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      defaultTabs={shared ? [shared, ...READY] : READY}
      initialQuery={shared?.query}
      initialVariables={shared?.variables}
      storage={storage}
      inputValueDeprecation
      schemaDescription
    >
      <HistoryStore>
        <DocExplorerStore>
          <Tooltip.Provider>
            <SchemaFollowsKey />
            <Header settings={settings} />
            <Panes>
              <GraphiQLInterface showPersistHeadersSettings={false} defaultEditorToolsVisibility={false}>
                <GraphiQL.Logo>{' '}</GraphiQL.Logo>
                <GraphiQL.Toolbar>
                  {({ prettify, copy, merge }) => (
                    <>
                      {prettify}
                      {merge}
                      {copy}
                      <Tools settings={settings} />
                    </>
                  )}
                </GraphiQL.Toolbar>
                <GraphiQL.Footer>
                  <ReplyFooter />
                </GraphiQL.Footer>
              </GraphiQLInterface>
            </Panes>
            <Editors />
          </Tooltip.Provider>
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}
