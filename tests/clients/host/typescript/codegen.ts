// #region config
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../../../src/graphql/admin.graphql', // or `newbee schema --admin > admin.graphql`
  documents: ['../operations.graphql'],
  generates: {
    './build/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string', // documents are texts: at run time nothing of this is needed
        // Exact amounts, days and instants are strings; a new scalar is an error until it is listed.
        scalars: { Date: 'string', DateTime: 'string', Decimal: 'string', JSON: 'unknown' },
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
        importExtension: '.js', // for the resolution `nodenext`; omit it with a bundler
      },
    },
  },
};
export default config;
// #endregion
