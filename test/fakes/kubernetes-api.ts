import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { parse as parseYaml } from 'yaml';
import { createAuthority } from './certificate.ts';
import { describeApi } from './kubernetes-api-discovery.ts';
import { type Fault, Faults, type Misfortune } from './kubernetes-api-faults.ts';
import { kindOf, kinds } from './kubernetes-api-kinds.ts';
import { withManagedFields } from './kubernetes-api-managed-fields.ts';
import { parseFieldSelector, parseLabelSelector } from './kubernetes-api-selectors.ts';
import { Simulation } from './kubernetes-api-simulation.ts';
import * as statuses from './kubernetes-api-status.ts';
import { type ApiObject, Store } from './kubernetes-api-store.ts';
import { type ExecRecord, sendLog, serveExec, servePortForward } from './kubernetes-api-streams.ts';
import { applyDefaults, decode, validate } from './kubernetes-api-validation.ts';

/** What was asked, for tests that count requests. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly status: number;
  readonly body?: unknown;
}

export interface FakeClusterOptions {
  /** Tokens and the users they sign in; default `good-token` → `alice`. */
  readonly tokens?: Readonly<Record<string, string>>;
  readonly namespaces?: readonly string[];
  readonly port?: number;
}

/** `verb resource` the user may not do, such as `list nodes`. */
type Denied = (user: string, verb: string, resource: string, namespace: string | undefined) => boolean;

const maxBodyBytes = 3_145_728;

/**
 * An API server over HTTPS that answers as a Kubernetes 1.36 one does (see the recorded exchanges the texts
 * come from), strict about what it is sent, with a small controller and kubelet behind it, and with
 * misfortunes on demand.
 */
export class FakeCluster {
  readonly store = new Store();
  readonly simulation = new Simulation(this.store);
  readonly faults = new Faults();
  readonly requests: SeenRequest[] = [];
  readonly execs: ExecRecord[] = [];
  readonly tokens: Map<string, string>;
  readonly authority = createAuthority();
  denied: Denied = () => false;
  /** Milliseconds between bookmarks of a watch. */
  bookmarkInterval = 1000;
  /** Programs that containers have; default all. */
  programs: (name: string) => boolean = () => true;
  /** What the nodes' runtime says of a program that a container does not have; default runc's words. */
  programMissing: ((name: string) => string) | undefined;
  onlyV4 = false;
  /** Of the version: 1.36. Of older ones, only the version itself and the labels of a Job's pods are known here. */
  minor = 36;
  /** Answers sent compressed so far. */
  compressed = 0;
  /** Milliseconds that pods take to end once their Job is gone. */
  podGrace = 0;
  #server: ReturnType<typeof createServer>;
  #sockets = new Set<Duplex>();
  #folder = '';

  constructor(options: FakeClusterOptions = {}) {
    this.tokens = new Map(Object.entries(options.tokens ?? { 'good-token': 'alice' }));
    const own = this.authority.issue({ commonName: 'kube-apiserver', names: ['localhost', '127.0.0.1'] });
    this.#server = createServer(
      {
        cert: own.cert,
        key: own.key,
        ca: [this.authority.cert],
        requestCert: true,
        rejectUnauthorized: false,
        keepAliveTimeout: 60_000,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    for (const name of options.namespaces ?? ['lab'])
      this.store.add(kinds.namespaces, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name } as ApiObject['metadata'],
        status: { phase: 'Active' },
      });
    this.store.listen((change) => {
      if (change.type === 'DELETED') setTimeout(() => this.#collectGarbage(change.object.metadata.uid), 5);
    });
  }

  async start(port = 0): Promise<this> {
    this.#folder = await mkdtemp(join(tmpdir(), 'fake-cluster-'));
    await new Promise<void>((settle) => this.#server.listen(port, '127.0.0.1', settle));
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((settle) => this.#server.close(settle));
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Ends all connections, as a load balancer does that restarts. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Where commands of `exec` run. */
  get folder(): string {
    return this.#folder;
  }

  /** The text of a kubeconfig with one context; `user` overrides how to sign in. */
  kubeconfig(options: { context?: string; user?: object; cluster?: object } = {}): string {
    const name = options.context ?? 'fake';
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': name,
      clusters: [
        {
          name,
          cluster: {
            server: this.url,
            'certificate-authority-data': Buffer.from(this.authority.cert).toString('base64'),
            ...options.cluster,
          },
        },
      ],
      users: [{ name, user: options.user ?? { token: 'good-token' } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace: 'lab' } }],
    });
  }

  fail(what: Misfortune, rest: Omit<Fault, 'what'> = {}): void {
    this.faults.add({ what, ...rest });
  }

  /** Requests seen, as `METHOD path`, for counting. */
  count(method: string, path: RegExp = /.*/): number {
    return this.requests.filter((each) => each.method === method && path.test(each.path)).length;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://fake');
    const method = request.method ?? 'GET';
    const body = await readBody(request).catch(() => undefined);
    if (body === undefined) return;
    const misfortune = this.faults.take(method, url);
    const seen = {
      method,
      path: url.pathname,
      query: url.searchParams,
      ...(body.length > 0 && body.length < 100_000 ? { body: tryJson(body) } : {}),
    };
    const send = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): void => {
      this.requests.push({ ...seen, status });
      if (misfortune?.kind === 'lost-after') {
        request.socket.destroy();
        return;
      }
      const type = headers['content-type'] ?? 'application/json';
      // APIResponseCompression, on by default: what is long goes out compressed to who can take it.
      const isGzipped =
        method === 'GET' && text.length > 128 * 1024 && request.headers['accept-encoding'] === 'gzip';
      if (isGzipped) this.compressed += 1;
      const body = isGzipped ? gzipSync(text, { level: 1 }) : Buffer.from(text);
      response.writeHead(status, {
        date: new Date(Date.now() + this.store.skew).toUTCString(),
        ...headers,
        'content-type': type,
        ...(isGzipped && { 'content-encoding': 'gzip', vary: 'Accept-Encoding' }),
        'content-length': body.length,
      });
      if (misfortune?.kind === 'cut-answer')
        response.write(body.subarray(0, body.length / 2), () => request.socket.destroy());
      else response.end(body);
    };
    switch (misfortune?.kind) {
      case 'lost-before':
        this.requests.push({ ...seen, status: 0 });
        request.socket.destroy();
        return;
      case 'hang':
        this.requests.push({ ...seen, status: 0 });
        return;
      case 'html':
        return send(misfortune.status, '<html><head><title>Sign in</title></head><body>proxy</body></html>', {
          'content-type': 'text/html',
        });
      case 'answer':
        return send(
          misfortune.status,
          typeof misfortune.body === 'string'
            ? misfortune.body
            : JSON.stringify(misfortune.body ?? defaultStatus(misfortune.status)),
          misfortune.headers,
        );
      default:
    }
    const stream = (status: number): void => {
      this.requests.push({ ...seen, status });
    };
    try {
      const answer = this.#route(method, url, request, body, misfortune, response, stream);
      if (answer === undefined) return;
      send(
        answer.code,
        typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body),
        answer.headers,
      );
    } catch (error) {
      send(
        500,
        JSON.stringify(
          statuses.failure(500, 'InternalError', `the fake broke: ${(error as Error).stack}`).body,
        ),
      );
    }
  }

  #userOf(request: IncomingMessage): string | statuses.Status {
    const certificate = (request.socket as TLSSocket).getPeerCertificate?.();
    if ((request.socket as TLSSocket).authorized && certificate?.subject?.CN !== undefined)
      return String(certificate.subject.CN);
    const header = request.headers.authorization;
    if (header === undefined) return 'system:anonymous';
    if (header.startsWith('Basic ')) return statuses.unauthorized();
    return this.tokens.get(header.replace(/^Bearer /, '')) ?? statuses.unauthorized();
  }

  #route(
    method: string,
    url: URL,
    request: IncomingMessage,
    body: Buffer,
    misfortune: Misfortune | undefined,
    response: ServerResponse,
    stream: (status: number) => void,
  ): statuses.Status | { code: number; body: string; headers?: Record<string, string> } | undefined {
    const user = this.#userOf(request);
    if (typeof user !== 'string') return user;
    const described = describeApi(url.pathname, this.minor);
    if (described !== undefined) return { code: 200, body: described };
    if (url.pathname === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews')
      return this.#review(method, body, user);
    const route =
      /^(?:\/api\/v1|\/apis\/([^/]+)\/v1)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(
        url.pathname.replace(/^(\/api\/v1\/namespaces)\/([^/]+)$/, '$1/$2'),
      );
    const isNamespace = /^\/api\/v1\/namespaces(?:\/([^/]+))?$/.exec(url.pathname);
    const [group, namespace, plural, name, sub] =
      isNamespace !== null
        ? ['', undefined, 'namespaces', isNamespace[1], undefined]
        : [route?.[1] ?? '', route?.[2], route?.[3] ?? '', route?.[4], route?.[5]];
    const kind = kindOf(group, plural);
    if (kind === undefined || (!kind.namespaced && namespace !== undefined)) return statuses.pageNotFound();
    const verb = verbOf(method, name, url);
    const resource = sub === undefined ? plural : `${plural}/${sub}`;
    if (user === 'system:anonymous' || this.denied(user, verb, resource, namespace))
      return statuses.notAllowed(
        { ...kind, plural: resource },
        user,
        verb,
        namespace,
        verb === 'list' ? undefined : name,
      );
    if (sub === 'log' && plural === 'pods')
      return this.#log(namespace ?? '', name ?? '', url, response, misfortune, stream);
    if (sub === 'eviction' || (sub !== undefined && sub !== 'status')) return statuses.pageNotFound();
    if (method === 'GET' && name === undefined)
      return url.searchParams.get('watch') === '1' || url.searchParams.get('watch') === 'true'
        ? this.#watch(kind, namespace, url, response, misfortune, stream)
        : this.#list(kind, namespace, url, request);
    if (method === 'POST' && name === undefined) return this.#create(kind, namespace, url, request, body);
    const found =
      name === undefined ? undefined : this.store.get(plural, namespace, decodeURIComponent(name));
    if (method === 'DELETE' && name === undefined) return this.#deleteCollection(kind, namespace, url);
    if (name === undefined)
      return statuses.failure(
        405,
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource',
        {},
      );
    if (found === undefined) return statuses.notFound(kind, name);
    const form = metadataForm(request);
    if (form === 'PartialObjectMetadataList')
      return statuses.failure(
        406,
        'NotAcceptable',
        `you requested PartialObjectMetadataList, but the requested object is not a list (*v1.${kind.kind})`,
      );
    if (method === 'GET' && form !== undefined) {
      const partial = { kind: form, apiVersion: 'meta.k8s.io/v1', metadata: found.metadata };
      return { code: 200, body: JSON.stringify(partial) };
    }
    if (method === 'GET') return { code: 200, body: this.store.text(found) };
    if (method === 'DELETE') return this.#delete(kind, found, url, body);
    if (method === 'PATCH') return this.#patch(kind, found, request, body, url);
    return statuses.failure(
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
      {},
    );
  }

  #select(url: URL): ((object: ApiObject) => boolean) | statuses.Status {
    const labels = parseLabelSelector(url.searchParams.get('labelSelector') ?? '');
    if (typeof labels !== 'function') return labels;
    const fields = parseFieldSelector(url.searchParams.get('fieldSelector') ?? '');
    if (typeof fields !== 'function') return fields;
    return (object) => labels(object) && fields(object);
  }

  #list(kind: statuses.Kind, namespace: string | undefined, url: URL, request: IncomingMessage) {
    const selects = this.#select(url);
    if (typeof selects !== 'function') return selects;
    const limit = Number(url.searchParams.get('limit') ?? 0);
    const token = url.searchParams.get('continue');
    let version = String(this.store.version);
    let rest: readonly ApiObject[];
    if (token !== null && token !== '') {
      let at: { rv: number; start: string };
      try {
        at = JSON.parse(Buffer.from(token, 'base64').toString('utf8'));
      } catch {
        return statuses.badRequest(
          "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value",
        );
      }
      const kept = this.store.snapshot(token);
      if (kept === undefined)
        return statuses.expired(
          'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
        );
      version = String(at.rv);
      rest = kept;
    } else rest = this.store.list(kind.plural, namespace).filter(selects);
    const page = limit > 0 ? rest.slice(0, limit) : rest;
    const left = limit > 0 ? rest.slice(limit) : [];
    let next: string | undefined;
    if (left.length > 0) {
      next = Buffer.from(
        JSON.stringify({
          v: 'meta.k8s.io/v1',
          rv: Number(version),
          start: `${page.at(-1)?.metadata.name}\0`,
        }),
      ).toString('base64url');
      this.store.keepSnapshot(next, left);
    }
    const metadata = JSON.stringify({
      resourceVersion: version,
      ...(next === undefined ? {} : { continue: next }),
    });
    const apiVersion = kind.group === '' ? 'v1' : `${kind.group}/v1`;
    const form = metadataForm(request);
    if (form === 'PartialObjectMetadata')
      return statuses.failure(
        406,
        'NotAcceptable',
        `you requested PartialObjectMetadata, but the requested object is a list (*v1.${kind.kind}List)`,
      );
    if (form === 'PartialObjectMetadataList') {
      const items = page.map((object) =>
        JSON.stringify({
          kind: 'PartialObjectMetadata',
          apiVersion: 'meta.k8s.io/v1',
          metadata: withManagedFields(object).metadata,
        }),
      );
      return {
        code: 200,
        body: `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":${metadata},"items":[${items.join(',')}]}`,
      };
    }
    const items = page.map((object) => this.store.itemText(object));
    return {
      code: 200,
      body: `{"kind":"${kind.kind}List","apiVersion":"${apiVersion}","metadata":${metadata},"items":[${items.join(',')}]}`,
    };
  }

  #watch(
    kind: statuses.Kind,
    namespace: string | undefined,
    url: URL,
    response: ServerResponse,
    misfortune: Misfortune | undefined,
    stream: (status: number) => void,
  ) {
    const selects = this.#select(url);
    if (typeof selects !== 'function') return selects;
    const version = url.searchParams.get('resourceVersion');
    stream(200);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const write = (type: string, object: unknown): void => {
      response.write(`${JSON.stringify({ type, object })}\n`);
    };
    const textOf = (type: string, object: ApiObject): string =>
      `{"type":"${type}","object":${this.store.text(object)}}`;
    if (version === null || version === '') {
      // As recorded of 1.36 without etcd's progress notifications.
      write(
        'ERROR',
        statuses.failure(
          500,
          'InternalError',
          'a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled',
        ).body,
      );
      response.end();
      return undefined;
    }
    const missed = this.store.since(Number(version));
    if (!Array.isArray(missed)) {
      write('ERROR', (missed as statuses.Status).body);
      response.end();
      return undefined;
    }
    let isDone = false;
    const emit = (change: { type: string; plural: string; object: ApiObject; previous?: ApiObject }) => {
      if (
        isDone ||
        change.plural !== kind.plural ||
        (namespace !== undefined && change.object.metadata.namespace !== namespace)
      )
        return;
      const isIn = change.type !== 'DELETED' && selects(change.object);
      const wasIn = change.previous !== undefined && selects(change.previous);
      const type = isIn ? (wasIn ? 'MODIFIED' : 'ADDED') : wasIn ? 'DELETED' : undefined;
      if (type === undefined) return;
      switch (misfortune?.kind) {
        case 'silence':
          return;
        case 'half-event': {
          const line = textOf(type, change.object);
          response.end(line.slice(0, line.length / 2));
          return finish();
        }
        case 'expired-event':
          write('ERROR', statuses.expired('The resourceVersion for the provided watch is too old.').body);
          response.end();
          return finish();
        case 'reset-after': {
          const line = textOf(type, change.object);
          response.write(line.slice(0, misfortune.bytes), () => response.socket?.destroy());
          return finish();
        }
        default:
          response.write(`${textOf(type, change.object)}\n`);
      }
    };
    const bookmarks = setInterval(() => {
      if (misfortune?.kind === 'silence' || url.searchParams.get('allowWatchBookmarks') === null) return;
      write('BOOKMARK', {
        kind: kind.kind,
        apiVersion: kind.group === '' ? 'v1' : `${kind.group}/v1`,
        metadata: { resourceVersion: String(this.store.version) },
        spec: {},
        status: {},
      });
    }, this.bookmarkInterval);
    const timeout = setTimeout(
      () => response.end(),
      Number(url.searchParams.get('timeoutSeconds') ?? 1800) * 1000,
    );
    const stopListening = this.store.listen(emit);
    const finish = () => {
      isDone = true;
      clearInterval(bookmarks);
      clearTimeout(timeout);
      stopListening();
    };
    response.on('close', finish);
    for (const change of missed) emit(change);
    return undefined;
  }

  #create(
    kind: statuses.Kind,
    namespace: string | undefined,
    url: URL,
    request: IncomingMessage,
    body: Buffer,
  ) {
    if (body.length > maxBodyBytes) return statuses.tooLarge();
    const type = (request.headers['content-type'] ?? '').split(';')[0];
    if (!['application/json', 'application/yaml', ''].includes(type ?? ''))
      return statuses.failure(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor`,
        {},
      );
    let object: ApiObject;
    try {
      object =
        type === 'application/yaml' ? parseYaml(body.toString('utf8')) : JSON.parse(body.toString('utf8'));
    } catch {
      return statuses.badRequest(
        `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: invalid character '${body.toString('utf8')[1]}' looking for beginning of object key string (${body.toString('utf8').slice(0, 60)})`,
      );
    }
    const apiVersion = kind.group === '' ? 'v1' : `${kind.group}/v1`;
    if ((object.kind ?? kind.kind) !== kind.kind || (object.apiVersion ?? apiVersion) !== apiVersion)
      return statuses.badRequest(
        `${object.kind} in version "${object.apiVersion}" cannot be handled as a ${kind.kind}: no kind "${object.kind}" is registered for version "${object.apiVersion}"`,
      );
    const { refusal, unknown } = decode(kind, object);
    if (refusal !== undefined) return refusal;
    const validation = url.searchParams.get('fieldValidation') ?? 'Warn';
    if (unknown.length > 0 && validation === 'Strict')
      return statuses.badRequest(
        `${kind.kind} in version "v1" cannot be handled as a ${kind.kind}: strict decoding error: ${unknown.map((each) => `unknown field "${each}"`).join(', ')}`,
      );
    const warnings = validation === 'Warn' ? unknown.map((each) => `unknown field "${each}"`) : [];
    object.metadata ??= {} as ApiObject['metadata'];
    const meta = object.metadata;
    if (namespace !== undefined && meta.namespace !== undefined && meta.namespace !== namespace)
      return statuses.badRequest(
        `the namespace of the provided object does not match the namespace sent on the request`,
      );
    if (namespace !== undefined && this.store.get('namespaces', undefined, namespace) === undefined)
      return statuses.notFound(kinds.namespaces, namespace);
    if (kind.namespaced) meta.namespace = namespace ?? 'default';
    if (meta.name === undefined && meta.generateName !== undefined)
      meta.name = `${meta.generateName}${Math.random().toString(36).slice(2, 7)}`;
    if (meta.name === undefined || meta.name === '')
      return statuses.invalid(kind, '', [
        {
          reason: 'FieldValueRequired',
          field: 'metadata.name',
          message: 'Required value: name or generateName is required',
        },
      ]);
    // A client cannot choose these.
    meta.uid = crypto.randomUUID();
    meta.creationTimestamp = this.store.now();
    delete (meta as Partial<ApiObject['metadata']>).deletionTimestamp;
    const wrong = validate(kind, object);
    if (wrong !== undefined) return wrong;
    if (this.store.get(kind.plural, namespace, meta.name) !== undefined)
      return statuses.alreadyExists(kind, meta.name);
    const overQuota = this.#quota(kind, namespace, meta.name);
    if (overQuota !== undefined) return overQuota;
    if (kind.kind === 'Job' && /\./.test(meta.name))
      warnings.push(
        'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
      );
    applyDefaults(kind, object, this.minor);
    const headers =
      warnings.length === 0
        ? {}
        : { warning: warnings.map((each) => `299 - "${each.replace(/["\\]/g, '\\$&')}"`).join(', ') };
    if (url.searchParams.get('dryRun') === 'All') return { code: 201, body: JSON.stringify(object), headers };
    return { code: 201, body: this.store.text(this.store.add(kind, object)), headers };
  }

  #quota(kind: statuses.Kind, namespace: string | undefined, name: string): statuses.Status | undefined {
    const key = `count/${statuses.qualified(kind)}`;
    for (const quota of this.store.list('resourcequotas', namespace)) {
      const limit = quota['spec']?.hard?.[key];
      const used = this.store.list(kind.plural, namespace).length;
      if (limit !== undefined && used + 1 > Number(limit))
        return statuses.forbidden(
          kind,
          name,
          `exceeded quota: ${quota.metadata.name}, requested: ${key}=1, used: ${key}=${used}, limited: ${key}=${limit}`,
        );
    }
    return undefined;
  }

  #delete(
    kind: statuses.Kind,
    object: ApiObject,
    url: URL,
    body: Buffer,
  ): statuses.Status | { code: number; body: string; headers?: Record<string, string> } {
    const options = (body.length > 0 ? tryJson(body) : {}) as
      | {
          kind?: string;
          propagationPolicy?: string;
          preconditions?: { uid?: string; resourceVersion?: string };
          gracePeriodSeconds?: number;
        }
      | undefined;
    if (options === undefined)
      return statuses.badRequest('the object provided is unrecognized (must be of type DeleteOptions)');
    const wanted = options.preconditions?.uid;
    if (wanted !== undefined && wanted !== object.metadata.uid)
      return statuses.wrongUid(kind, object.metadata.name, wanted, object.metadata.uid);
    if (
      options.preconditions?.resourceVersion !== undefined &&
      options.preconditions.resourceVersion !== object.metadata.resourceVersion
    )
      return statuses.failure(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${kind.kind} "${object.metadata.name}": the ResourceVersion in the precondition does not match`,
        { name: object.metadata.name, kind: kind.kind },
      );
    const asked = options.propagationPolicy ?? url.searchParams.get('propagationPolicy') ?? undefined;
    // batch/v1 orphans by default, and warns.
    const policy = asked ?? (kind.kind === 'Job' ? 'Orphan' : 'Background');
    const headers: Record<string, string> =
      asked === undefined && kind.kind === 'Job'
        ? {
            warning:
              '299 - "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"',
          }
        : {};
    const finalizers = [...(object.metadata.finalizers ?? [])];
    if (policy === 'Foreground' && !finalizers.includes('foregroundDeletion'))
      finalizers.push('foregroundDeletion');
    if (policy === 'Orphan')
      for (const pod of this.store.list('pods', object.metadata.namespace))
        if (pod.metadata.ownerReferences?.some((owner) => owner.uid === object.metadata.uid) === true)
          this.store.update('pods', pod, (copy) => {
            copy.metadata.ownerReferences = [];
          });
    if (finalizers.length > 0) {
      const updated = this.store.update(kind.plural, object, (copy) => {
        if (copy.metadata.deletionTimestamp === undefined && copy.metadata.generation !== undefined)
          copy.metadata.generation += 1;
        copy.metadata.deletionTimestamp ??= this.store.now();
        copy.metadata.deletionGracePeriodSeconds = 0;
        copy.metadata.finalizers = finalizers;
      });
      if (policy === 'Foreground') setTimeout(() => this.#finishForeground(kind, updated), 30);
      return { code: 200, body: this.store.text(updated), headers };
    }
    this.store.remove(kind.plural, object);
    return {
      code: 200,
      body: JSON.stringify({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: {
          name: object.metadata.name,
          ...(kind.group === '' ? {} : { group: kind.group }),
          kind: kind.plural,
          uid: object.metadata.uid,
        },
      }),
      headers,
    };
  }

  #finishForeground(kind: statuses.Kind, object: ApiObject): void {
    this.#collectGarbage(object.metadata.uid);
    const current = this.store.get(kind.plural, object.metadata.namespace, object.metadata.name);
    if (current?.metadata.uid === object.metadata.uid)
      this.store.update(kind.plural, current, (copy) => {
        copy.metadata.finalizers = (copy.metadata.finalizers ?? []).filter(
          (each) => each !== 'foregroundDeletion',
        );
      });
  }

  #deleteCollection(kind: statuses.Kind, namespace: string | undefined, url: URL) {
    const selects = this.#select(url);
    if (typeof selects !== 'function') return selects;
    const gone = this.store.list(kind.plural, namespace).filter(selects);
    for (const object of gone) this.store.remove(kind.plural, object);
    return {
      code: 200,
      body: JSON.stringify({ kind: `${kind.kind}List`, apiVersion: 'v1', metadata: {}, items: gone }),
    };
  }

  /** The garbage collector: what is owned by nothing that exists goes. */
  #collectGarbage(uid: string): void {
    for (const plural of ['pods', 'secrets', 'configmaps'])
      for (const object of this.store.list(plural)) {
        if (object.metadata.ownerReferences?.some((owner) => owner.uid === uid) !== true) continue;
        const left = (object.metadata.finalizers ?? []).filter(
          (each) => each !== 'batch.kubernetes.io/job-tracking',
        );
        if (left.length > 0) continue;
        if (plural === 'pods' && this.podGrace > 0) this.#endPod(object);
        else this.store.remove(plural, object);
      }
  }

  #endPod(pod: ApiObject): void {
    const ending = this.store.update('pods', pod, (copy) => {
      copy.metadata.deletionTimestamp = this.store.now();
      copy.metadata.finalizers = ['fake/still-ending'];
    });
    setTimeout(() => {
      this.store.update('pods', ending, (copy) => {
        copy.metadata.finalizers = [];
      });
    }, this.podGrace);
  }

  #patch(kind: statuses.Kind, object: ApiObject, request: IncomingMessage, body: Buffer, url: URL) {
    const type = (request.headers['content-type'] ?? '').split(';')[0];
    if (type !== 'application/merge-patch+json' && type !== 'application/strategic-merge-patch+json')
      return statuses.failure(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor`,
        {},
      );
    const patch = tryJson(body) as Record<string, unknown> | undefined;
    if (patch === undefined) return statuses.badRequest('error decoding patch');
    const uid = (patch['metadata'] as { uid?: string } | undefined)?.uid;
    if (uid !== undefined && uid !== object.metadata.uid)
      return statuses.failure(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${statuses.qualified(kind)} "${object.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
        { name: object.metadata.name, kind: kind.plural },
      );
    const changed = merge(object, patch) as ApiObject;
    if (
      kind.kind === 'Job' &&
      JSON.stringify(changed['spec'].template) !== JSON.stringify(object['spec'].template) &&
      object['spec'].suspend !== true
    )
      return statuses.invalid(kind, object.metadata.name, [
        {
          reason: 'FieldValueInvalid',
          field: 'spec.template',
          message: 'Invalid value: {}: field is immutable',
        },
      ]);
    if (
      kind.kind === 'Job' &&
      JSON.stringify(
        changed['spec'].template.spec.containers.map((each: { image: string }) => each.image),
      ) !==
        JSON.stringify(object['spec'].template.spec.containers.map((each: { image: string }) => each.image))
    )
      return statuses.invalid(kind, object.metadata.name, [
        {
          reason: 'FieldValueInvalid',
          field: 'spec.template.spec',
          message: 'Invalid value: {}: field is immutable',
        },
      ]);
    if (object['immutable'] === true && JSON.stringify(changed['data']) !== JSON.stringify(object['data']))
      return statuses.invalid(kind, object.metadata.name, [
        {
          reason: 'FieldValueForbidden',
          field: 'data',
          message: 'Forbidden: field is immutable when `immutable` is set',
        },
      ]);
    const wrong = validate(kind, changed);
    if (wrong !== undefined) return wrong;
    if (url.searchParams.get('dryRun') === 'All') return { code: 200, body: JSON.stringify(changed) };
    const stored = this.store.update(kind.plural, object, (copy) => {
      const { metadata, ...rest } = changed;
      Object.assign(copy, rest);
      const identity = {
        uid: copy.metadata.uid,
        creationTimestamp: copy.metadata.creationTimestamp,
        name: copy.metadata.name,
      };
      copy.metadata = { ...metadata, ...identity };
      if (JSON.stringify(changed['spec']) !== JSON.stringify(object['spec']))
        copy.metadata.generation = (copy.metadata.generation ?? 1) + 1;
    });
    return { code: 200, body: this.store.text(stored) };
  }

  #review(method: string, body: Buffer, user: string) {
    const review = tryJson(body) as
      | {
          spec?: {
            resourceAttributes?: {
              namespace?: string;
              verb?: string;
              group?: string;
              resource?: string;
              subresource?: string;
            };
          };
        }
      | undefined;
    if (method !== 'POST' || review?.spec?.resourceAttributes === undefined)
      return statuses.badRequest('spec.resourceAttributes is required');
    const { namespace, verb = '', resource = '', subresource } = review.spec.resourceAttributes;
    const allowed =
      user !== 'system:anonymous' &&
      !this.denied(
        user,
        verb,
        subresource === undefined ? resource : `${resource}/${subresource}`,
        namespace,
      );
    return {
      code: 201,
      body: JSON.stringify({
        kind: 'SelfSubjectAccessReview',
        apiVersion: 'authorization.k8s.io/v1',
        metadata: {},
        spec: review.spec,
        status: { allowed, ...(allowed ? {} : { reason: '' }) },
      }),
    };
  }

  #log(
    namespace: string,
    name: string,
    url: URL,
    response: ServerResponse,
    misfortune: Misfortune | undefined,
    stream: (status: number) => void,
  ) {
    const pod = this.store.get('pods', namespace, name);
    if (pod === undefined) return statuses.notFound(kinds.pods, name);
    const containers: string[] = pod['spec'].containers.map((each: { name: string }) => each.name);
    const container = url.searchParams.get('container') ?? containers[0] ?? '';
    const all = [
      ...containers,
      ...(pod['spec'].initContainers ?? []).map((each: { name: string }) => each.name),
    ];
    if (!all.includes(container))
      return statuses.badRequest(`container ${container} is not valid for pod ${name}`);
    const { containerStatuses = [], initContainerStatuses = [] } = pod['status'];
    const state = [...containerStatuses, ...initContainerStatuses].find(
      (each: { name: string }) => each.name === container,
    )?.state;
    if (url.searchParams.get('previous') === 'true') {
      if (!this.simulation.hasLog(namespace, name, `${container}-previous`))
        return statuses.badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
      stream(200);
      sendLog(
        response,
        this.simulation.log(namespace, name, `${container}-previous`),
        url.searchParams,
        misfortune,
      );
      return undefined;
    }
    if (state === undefined && pod['spec'].nodeName === undefined) {
      stream(200);
      response.writeHead(200, { 'content-type': 'text/plain' }).end();
      return undefined;
    }
    if (state?.waiting !== undefined || state === undefined)
      return statuses.badRequest(
        `container "${container}" in pod "${name}" is waiting to start: ${state?.waiting?.reason ?? 'ContainerCreating'}`,
      );
    stream(200);
    sendLog(response, this.simulation.log(namespace, name, container), url.searchParams, misfortune);
    return undefined;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
    const url = new URL(request.url ?? '/', 'https://fake');
    socket.on('error', () => undefined);
    const refuse = (status: {
      readonly code: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }) => {
      const isText = typeof status.body === 'string';
      const text = isText ? String(status.body) : JSON.stringify(status.body);
      const others = Object.entries(status.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(
        `HTTP/1.1 ${status.code} Refused\r\n${others.join('')}content-type: ${isText ? 'text/plain' : 'application/json'}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
      );
    };
    const user = this.#userOf(request);
    const [, namespace = '', name = '', sub = ''] =
      /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/(exec|portforward)$/.exec(url.pathname) ?? [];
    this.requests.push({ method: 'CONNECT', path: url.pathname, query: url.searchParams, status: 101 });
    const misfortune = this.faults.take('CONNECT', url);
    if (misfortune?.kind === 'answer') {
      const { status: code, body = defaultStatus(code), headers = {} } = misfortune;
      return refuse({ code, body, headers });
    }
    if (misfortune?.kind === 'lost-before') return void socket.destroy();
    if (typeof user !== 'string') return refuse(user);
    if (sub === '') return refuse(statuses.pageNotFound());
    // By the verb of the request, which is GET, and since 1.35 by `create` as well.
    const lacks = ['get', 'create'].find((verb) => this.denied(user, verb, `pods/${sub}`, namespace));
    if (lacks !== undefined)
      return refuse(
        statuses.notAllowed({ ...kinds.pods, plural: `pods/${sub}` }, user, lacks, namespace, name),
      );
    const pod = this.store.get('pods', namespace, name);
    if (pod === undefined) return refuse(statuses.notFound(kinds.pods, name));
    if (pod['status'].phase !== 'Running')
      return refuse(
        statuses.failure(
          500,
          'InternalError',
          `pod ${name} is not running. Current status=${pod['status'].phase}`,
        ),
      );
    if (sub === 'portforward') return servePortForward(request, socket, head, url.searchParams);
    const record: ExecRecord = {
      command: url.searchParams.getAll('command'),
      tty: url.searchParams.get('tty') === 'true',
      sizes: [],
    };
    this.execs.push(record);
    serveExec(request, socket, head, url.searchParams, {
      folder: this.#folder,
      record,
      onlyV4: this.onlyV4,
      programs: this.programs,
      programMissing: this.programMissing,
    });
  }
}

export async function startFakeCluster(options: FakeClusterOptions = {}): Promise<FakeCluster> {
  return new FakeCluster(options).start(options.port);
}

function verbOf(method: string, name: string | undefined, url: URL): string {
  if (method === 'GET') return name !== undefined ? 'get' : url.searchParams.has('watch') ? 'watch' : 'list';
  if (method === 'DELETE') return name === undefined ? 'deletecollection' : 'delete';
  return method === 'POST' ? 'create' : method.toLowerCase();
}

/** Metadata alone, in the form that the first clause asks for: as in a server, whatever it is asked of. */
function metadataForm({ headers }: IncomingMessage): string | undefined {
  return /as=(PartialObjectMetadata(?:List)?);/.exec(headers.accept?.split(',')[0] ?? '')?.[1];
}

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

function defaultStatus(code: number): Record<string, unknown> {
  const known: Readonly<Record<number, readonly [string, string]>> = {
    410: ['Expired', 'The resourceVersion for the provided list is too old.'],
    429: ['TooManyRequests', 'The server has received too many requests and has asked us to try again later'],
    500: ['InternalError', 'Internal error occurred: etcdserver: request timed out'],
    503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
    504: ['Timeout', 'Timeout: request did not complete within the allotted timeout'],
  };
  const [reason, message] = known[code] ?? ['Unknown', `status ${code}`];
  return statuses.failure(code, reason, message).body;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function tryJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
