import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { diagnosticToJson } from '../../diagnostics/format-diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { findPages } from '../../stores/find-objects.ts';
import { listLevel } from '../../stores/list-level.ts';
import type { ObjectStore } from '../../stores/object-store.ts';
import { makeLimits } from '../../stores/transfer-limits.ts';
import { removeMatching } from '../remove.ts';
import { moveFiles } from './run-transfer.ts';
import { select } from './select.ts';
import { isPath, readCall, type ServerCall } from './server-call.ts';

interface Options {
  readonly store: ObjectStore;
  readonly token: string;
  readonly context: Context;
  /** Milliseconds without a request after which it ends. */
  readonly idle: number;
}

/**
 * `POST /find`, `/list`, `/upload`, `/download`, `/remove` with the flags as a JSON object; answers one JSON object a
 * line, the same as the commands with `json=true`, the last of type `done` with the exit code. Listens on loopback
 * only; asks for the token, and for a Host that is its own, so that no web page can make a browser call it.
 */
export class DataServer {
  readonly #options: Options;
  readonly #server: Server;
  /** Of all calls together: each with limits of its own would take as much memory as one command. */
  readonly #limits = makeLimits();
  #port = 0;
  #active = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #end: () => void = () => {};
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(options: Options) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      // A caller that dies within its own request is nobody to answer, and must not end the server.
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(
          new DiagnosticError(
            errorDiagnostic('S3_SERVER_PORT', `cannot listen on 127.0.0.1:${port}: ${error.message}`),
            3,
          ),
        ),
      );
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#restartIdle();
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Settles when nobody has asked for long enough, or the signal is aborted. */
  async ended(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    signal.addEventListener('abort', this.#end, { once: true });
    await this.#ended;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #restartIdle(): void {
    clearTimeout(this.#idleTimer);
    // The open port keeps the process; a closed server's last answer must not.
    if (this.#active === 0) this.#idleTimer = setTimeout(this.#end, this.#options.idle).unref();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#active++;
    clearTimeout(this.#idleTimer);
    response.once('close', () => {
      this.#active--;
      this.#restartIdle();
    });
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      const [status, why] = refusal;
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(`${JSON.stringify({ error: why })}\n`);
      return;
    }
    const call = await readCall(pathOf(request), request);
    if (typeof call === 'string') {
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(`${JSON.stringify({ error: call })}\n`);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const write = (object: object) => void response.write(`${JSON.stringify(object)}\n`);
    let exitCode: ExitCode;
    try {
      exitCode = await this.#run(pathOf(request), call, response, write);
    } catch (error) {
      exitCode = error instanceof DiagnosticError ? error.exitCode : ExitCode.internal;
      const diagnostics =
        error instanceof DiagnosticError ? error.diagnostics : [errorDiagnostic('INTERNAL', String(error))];
      for (const diagnostic of diagnostics) write(diagnosticToJson(diagnostic));
    }
    response.end(`${JSON.stringify({ type: 'done', exit_code: exitCode })}\n`);
  }

  #refusal(request: IncomingMessage): [number, string] | undefined {
    const hosts = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    if (!hosts.includes(request.headers.host ?? '') || request.headers.origin !== undefined)
      return [403, 'only for programs on this machine'];
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${this.#options.token}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      return [401, 'the token is missing or wrong'];
    const path = pathOf(request);
    if (!isPath(path)) return [404, `there is no ${path}`];
    return request.method === 'POST' ? undefined : [405, 'send a POST'];
  }

  async #run(
    path: string,
    call: ServerCall,
    response: ServerResponse,
    write: (object: object) => void,
  ): Promise<ExitCode> {
    const { store } = this.#options;
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the caller has gone')));
    const signal = AbortSignal.any([this.#options.context.signal, gone.signal]);
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const context: Context = { ...pick(this.#options.context), stdout: response, stderr: silent, signal };
    const options = { ...call, json: true, verbose: false };
    if (path === '/upload' || path === '/download')
      return await moveFiles(path === '/upload' ? 'upload' : 'download', store, options, context, {
        limits: this.#limits,
      });
    if (path === '/list') {
      const level = await listLevel(store, call.file, { root: context.cwd, signal });
      for (const key of level.folders) write({ type: 'folder', key });
      for (const object of level.objects) write({ type: 'object', ...object });
      return ExitCode.ok;
    }
    if (path === '/remove') return await removeMatching(store, options, context, async () => true);
    for await (const page of findPages(store, select(call.file, call, context), signal)) {
      const lines = page.map((object) => `${JSON.stringify({ type: 'object', ...object })}\n`);
      if (lines.length > 0 && !response.write(lines.join(''))) await once(response, 'drain', { signal });
    }
    return ExitCode.ok;
  }
}

/** What is asked for, without a query. Not by `new URL`, which throws at `//`. */
function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '';
}

/** Not the streams: those of the server are not those of its callers. */
function pick({ cwd, env, now, stdin }: Context) {
  return { cwd, env, now, stdin };
}
