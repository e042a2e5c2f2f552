// The tools beside the editor: the operation as code for clients, and as a link.
import { ToolbarButton, ToolbarMenu, useGraphiQL } from '@graphiql/react';
import { useEffect, useState } from 'react';
import { formsFor } from './code.js';
import { t } from './language.js';
import { isAdmin } from './page.js';
import { session } from './session.js';
import { linkTo } from './share.js';

const CodeIcon = () => (
  <svg className="graphiql-toolbar-icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
    <path d="M5 4 1.5 8 5 12M11 4l3.5 4L11 12" />
  </svg>
);
const LinkIcon = () => (
  <svg className="graphiql-toolbar-icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
    <path d="M6.5 9.5 9.5 6.5M7 4.5l1.2-1.2a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5l-1.2 1.2a3 3 0 0 1-4.3-4.3l1.2-1.2" />
  </svg>
);

export function Tools({ settings }) {
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const query = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.query ?? '');
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(''), 2_500);
    return () => clearTimeout(timer);
  }, [said]);

  const operation = () => ({ query: queryEditor?.getValue() ?? '', variables: variableEditor?.getValue() ?? '' });
  const copy = async (name, make) => {
    try {
      await navigator.clipboard.writeText(make());
      setSaid(t.tools.copied(name));
    } catch (problem) {
      setSaid(problem instanceof SyntaxError ? t.tools.badVariables : t.tools.refused);
    }
  };
  const asCode = (form) => {
    const key = session.get();
    const isPublic = isAdmin ? key === settings.apiKey : settings.users.some((user) => user.key === key);
    return form({ ...operation(), key, isPublic });
  };
  return (
    <>
      <ToolbarMenu button={<button type="button" className="graphiql-un-styled graphiql-toolbar-button" aria-label={t.tools.code} title={t.tools.code}><CodeIcon /></button>}>
        {formsFor(query).map(([name, form]) => (
          <ToolbarMenu.Item key={name} onSelect={() => copy(name, () => asCode(form))}>{t.tools.as(name)}</ToolbarMenu.Item>
        ))}
      </ToolbarMenu>
      <ToolbarButton label={t.tools.link} onClick={() => void copy(t.tools.aLink, () => linkTo(operation()))}>
        <LinkIcon />
      </ToolbarButton>
      <div className="newbee-said" role="status">{said}</div>
    </>
  );
}
