import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isatty } from 'node:tty';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';

/** An exec credential plugin, as a kubeconfig writes it. */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
  readonly interactiveMode?: 'Never' | 'IfAvailable' | 'Always';
}

/** A user of a kubeconfig, paths resolved. */
export interface UserEntry {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly token?: string;
  readonly tokenFile?: string;
  /** `username:password` */
  readonly basic?: string;
  readonly exec?: ExecPlugin;
  readonly execCluster?: Readonly<Record<string, unknown>>;
  /** A plugin of the library (`oidc`, `gcp`, `azure`): the whole user, with the provider's name. */
  readonly authProvider?: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly impersonate: Readonly<Record<string, string | readonly string[]>>;
}

/** What goes with a request: headers, and a client certificate where there is one. */
export interface Credential {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
}

/** Milliseconds a token file is trusted before it is read again; the kubelet rotates it long before expiry. */
const tokenFileAge = 60_000;
/** Milliseconds a plugin may take. */
const pluginPatience = 300_000;
/** Milliseconds before a plugin's expiry at which a new credential is fetched. */
const expiryMargin = 5_000;

/**
 * The credentials of one user, fetched when first needed and again when they expire or the server says 401.
 * Concurrent callers share one fetch: a plugin may open a browser.
 */
export class Credentials {
  readonly #user: UserEntry;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #now: () => number;
  #current: { readonly credential: Credential; readonly until: number } | undefined;
  #pending: Promise<Credential> | undefined;
  readonly #ended = new AbortController();

  constructor(user: UserEntry, env: Readonly<Record<string, string | undefined>>, now: () => number) {
    this.#user = user;
    this.#env = env;
    this.#now = now;
  }

  /** @throws DiagnosticError KUBE_CREDENTIALS when a plugin or token file fails */
  async get(signal: AbortSignal): Promise<Credential> {
    if (this.#current !== undefined && this.#now() < this.#current.until) return this.#current.credential;
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return await untilAborted(this.#pending, signal);
  }

  /**
   * After a 401: forgets what was sent, unless somebody else has fetched a newer one meanwhile. False when
   * nothing can be fetched anew, so that another attempt would be the same.
   */
  renew(rejected: Credential): boolean {
    if (
      this.#plugin === undefined &&
      this.#user.tokenFile === undefined &&
      this.#user.authProvider === undefined
    )
      return false;
    if (this.#current?.credential === rejected) this.#current = undefined;
    return true;
  }

  /** Ends a plugin that is still at work. */
  close(): void {
    this.#ended.abort();
  }

  /** As kubectl has it, what the user has written down goes before what a plugin says. */
  get #plugin(): ExecPlugin | undefined {
    const { exec, token, tokenFile, basic } = this.#user;
    return token === undefined && tokenFile === undefined && basic === undefined ? exec : undefined;
  }

  async #fetch(): Promise<Credential> {
    const user = this.#user;
    const fixed = {
      ...(user.cert === undefined ? {} : { cert: user.cert }),
      ...(user.key === undefined ? {} : { key: user.key }),
    };
    const keep = (credential: Credential, until: number): Credential => {
      this.#current = { credential, until };
      return credential;
    };
    const bearer = (token: string): Credential['headers'] => ({
      authorization: `Bearer ${token}`,
      ...user.impersonate,
    });
    const plugin = this.#plugin;
    if (plugin !== undefined) {
      const status = await runPlugin(plugin, user.execCluster, this.#env, this.#ended.signal);
      const expiry = Date.parse(status.expirationTimestamp ?? '');
      return keep(
        {
          headers: status.token === undefined ? user.impersonate : bearer(status.token),
          ...(status.clientCertificateData === undefined ? fixed : { cert: status.clientCertificateData }),
          ...(status.clientKeyData === undefined ? {} : { key: status.clientKeyData }),
        },
        Number.isNaN(expiry) ? Number.POSITIVE_INFINITY : expiry - expiryMargin,
      );
    }
    if (user.tokenFile !== undefined) {
      const token = await readFile(user.tokenFile, 'utf8').catch((cause: Error) => {
        if (user.token !== undefined) return user.token;
        throw refuse(`the token file of the kubeconfig cannot be read: ${cause.message}`, cause);
      });
      return keep({ headers: bearer(token.trim()), ...fixed }, this.#now() + tokenFileAge);
    }
    if (user.authProvider !== undefined) {
      const { readAuthProvider } = await import('./auth-provider.ts');
      return keep(
        { headers: { ...(await readAuthProvider(user.authProvider)), ...user.impersonate }, ...fixed },
        this.#now() + tokenFileAge,
      );
    }
    if (user.token !== undefined)
      return keep({ headers: bearer(user.token), ...fixed }, Number.POSITIVE_INFINITY);
    const basic =
      user.basic === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(user.basic).toString('base64')}` };
    return keep({ headers: { ...basic, ...user.impersonate }, ...fixed }, Number.POSITIVE_INFINITY);
  }
}

/** Others may wait for the same, so it goes on; whoever is interrupted does not wait for it. */
function untilAborted<T>(pending: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((settle, fail) => {
    const leave = (): void => fail(signal.reason as Error);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    pending.then(settle, fail).finally(() => signal.removeEventListener('abort', leave));
  });
}

interface ExecStatus {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

async function runPlugin(
  plugin: ExecPlugin,
  cluster: Readonly<Record<string, unknown>> | undefined,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ExecStatus> {
  const apiVersion = plugin.apiVersion ?? 'client.authentication.k8s.io/v1';
  const interactive = plugin.interactiveMode !== 'Never' && isatty(0);
  if (plugin.interactiveMode === 'Always' && !interactive)
    throw refuse(
      `the credential plugin "${plugin.command}" of the kubeconfig asks the user, and there is no terminal`,
      undefined,
      'run it once on a terminal, or use credentials that need nobody',
    );
  const info = {
    kind: 'ExecCredential',
    apiVersion,
    spec: { interactive, ...(plugin.provideClusterInfo === true ? { cluster } : {}) },
  };
  const child = spawn(plugin.command, plugin.args ?? [], {
    env: {
      ...env,
      ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(info),
    },
    // The plugin may have something to say to the user, or to ask.
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    signal,
  });
  // One that opens a browser waits for a person; one that hangs must not hold up a night's sweep. Not Node's own timeout,
  // which goes on where there is no such program.
  const patience = setTimeout(() => child.kill(), pluginPatience);
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | string>((settle, fail) => {
    child.on('error', (cause: NodeJS.ErrnoException) =>
      fail(
        refuse(
          `the credential plugin "${plugin.command}" of the kubeconfig cannot be run: ${cause.code ?? cause.message}`,
          cause,
          plugin.installHint?.trim(),
        ),
      ),
    );
    child.on('close', (exitCode, signal) => settle(exitCode ?? signal ?? 1));
  }).finally(() => clearTimeout(patience));
  if (code !== 0)
    throw refuse(
      `the credential plugin "${plugin.command}" of the kubeconfig ended with ${code}`,
      undefined,
      `run it by hand to see why, for instance by: kubectl get pods`,
    );
  try {
    const answer = JSON.parse(Buffer.concat(output).toString('utf8')) as { status?: ExecStatus };
    if (answer.status !== undefined) return answer.status;
  } catch {
    // Told below; the output may hold a token and is not shown.
  }
  throw refuse(`the credential plugin "${plugin.command}" did not print an ExecCredential with a status`);
}

function refuse(message: string, cause?: unknown, hint?: string): DiagnosticError {
  return new DiagnosticError(errorDiagnostic('KUBE_CREDENTIALS', message, { cause, hint }), 3);
}
