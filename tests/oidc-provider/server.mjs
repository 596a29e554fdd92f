// A real OpenID provider for the login stories: the npm package `oidc-provider` with its own login form.
// Usage: node server.mjs FOLDER REDIRECT_URI, where FOLDER holds node_modules. Prints its issuer once it listens on a free port.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, redirectUri] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'stopover',
      client_secret: 'a secret & with odd + signs',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    }],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    // Whoever logs in has an address of that name; those who begin with "un" have not verified it.
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, name: `${id} Elsewhere`, email: `${id}@elsewhere.example`, email_verified: !id.startsWith('un') }),
    }),
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
// The story that started it holds the other end: when that goes, so does this.
process.stdin.on('end', () => process.exit(0)).resume();
