import { type Diagnostic, DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError, isApiError } from './api-error.ts';
import { concealValues } from './conceal-values.ts';
import { type Listing, listPages, type Selection } from './list-pages.ts';
import { type KubeObject, pathOf, type Resource } from './objects.ts';
import { retryDelay } from './retry-policy.ts';

/**
 * Ask for the metadata of one object, and of those of a listing. A server takes the first form it knows before it
 * looks at what is asked for, and then refuses the one that does not fit (406); one that knows neither sends all.
 */
const metadataOfOne = metadataAs('PartialObjectMetadata');
export const metadataOfList = metadataAs('PartialObjectMetadataList');
/** Attempts at a creation that loses the race for a quota's counter. */
const quotaAttempts = 8;
/** Listings begun anew after a 410 before giving up. */
const listingAttempts = 5;

/** What a create came to. */
export type Created<T> =
  | { readonly created: true; readonly object: T }
  /** There already, and of the same content by the caller's own comparison. */
  | { readonly created: false; readonly object: T };

/** The verbs we use on objects of one namespace. All may throw ApiError, and other DiagnosticErrors when out of reach. */
export class NamespaceApi {
  readonly client: ApiClient;
  readonly namespace: string;

  #created: (() => Promise<void>) | undefined;

  /** @param created called when the first object has been created */
  constructor(client: ApiClient, namespace: string, created?: () => Promise<void>) {
    this.client = client;
    this.namespace = namespace;
    this.#created = created;
  }

  /**
   * All objects a selection matches, page by page at one resource version. A 410 on a continuation means that
   * version is gone: the listing begins anew, since the pages so far are of another moment. Never partial.
   */
  async list<T extends KubeObject>(
    resource: Resource<T>,
    select: Selection,
    signal: AbortSignal,
    accept = 'application/json',
  ): Promise<Listing<T>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await listPages(this.client, { resource, namespace: this.namespace }, select, signal, accept);
      } catch (error) {
        if (!isApiError(error, 'Expired', 'Gone') || attempt >= listingAttempts) throw error;
      }
    }
  }

  /** `undefined` where there is none of that name. */
  async get<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    signal: AbortSignal,
    accept = 'application/json',
  ): Promise<T | undefined> {
    try {
      return await this.client.request<T>({ path: pathOf(resource, this.namespace, name), accept, signal });
    } catch (error) {
      if (isApiError(error, 'NotFound') && error.details?.kind === resource.plural) return undefined;
      throw error;
    }
  }

  /** Whether there is one of that name. Of large objects, and of Secrets, only the metadata is asked for. */
  async has(resource: Resource<KubeObject>, name: string, signal: AbortSignal): Promise<boolean> {
    return (await this.get(resource, name, signal, metadataOfOne)) !== undefined;
  }

  /**
   * Creates an object. A create is ambiguous until read back: its answer may be lost after the write, and the
   * attempt that follows is told AlreadyExists, as it is when somebody else was faster. Whichever it was, the
   * object there is read, and `isSame` decides.
   *
   * @throws ApiError; `AlreadyExists` when `isSame` says no
   */
  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: { readonly metadata: { readonly name: string } },
    isSame: (there: T) => boolean,
    signal: AbortSignal,
  ): Promise<Created<T>> {
    const { policy } = this.client;
    const body = JSON.stringify(object);
    let wasLost = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const text = await this.client.requestText({
          method: 'POST',
          path: this.#creationPath(resource),
          body,
          onLost: () => {
            wasLost = true;
          },
          signal,
        });
        const tell = this.#created;
        this.#created = undefined;
        await tell?.();
        // Most callers only want to know that it is there; of 10,000 answers none is parsed then.
        return {
          created: true,
          get object() {
            return JSON.parse(text) as T;
          },
        };
      } catch (error) {
        // Creations at the same time compete for the counter of a quota, and the server gives up on some.
        if (isQuotaBusy(error) && attempt < quotaAttempts) {
          await policy.sleep(retryDelay(policy, attempt, undefined), signal);
          continue;
        }
        if (!isApiError(error, 'AlreadyExists'))
          throw resource.kind === 'Secret' && isApiError(error) ? concealValues(error, object) : error;
        const there = await this.get(resource, object.metadata.name, signal);
        // Deleted in between: there is room now.
        if (there === undefined && attempt < 3) continue;
        if (there === undefined || !isSame(there)) throw error;
        return { created: wasLost, object: there };
      }
    }
  }

  /**
   * A creation as a dry run: what validation, policies and webhooks would refuse is known before anything is removed
   * for it. A server looks last whether the name is free: where it is taken, all else was accepted. What cannot be
   * told by a dry run counts as accepted: a quota, whose room is not made yet, and a webhook that takes no part.
   *
   * @throws ApiError
   */
  async tryCreate(resource: Resource<KubeObject>, object: object, signal: AbortSignal): Promise<void> {
    try {
      const path = `${this.#creationPath(resource)}&dryRun=All`;
      await this.client.requestText({ method: 'POST', path, body: object, signal });
    } catch (error) {
      if (!isApiError(error)) throw error;
      const isTold =
        !error.isOverQuota && !isQuotaBusy(error) && !/does not support dry run/.test(error.message);
      if (isTold && error.reason !== 'AlreadyExists') throw error;
    }
  }

  #creationPath(resource: Resource<KubeObject>): string {
    // Strict: a field the server would drop is a mistake of a template, and silence hides it.
    return `${pathOf(resource, this.namespace)}?fieldValidation=Strict&fieldManager=kube-toolbox`;
  }

  /** Changes fields by JSON merge patch (RFC 7386); a `uid` in it makes it conditional on that object. */
  async patch<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    patch: object,
    signal: AbortSignal,
  ): Promise<T> {
    return this.client.request<T>({
      method: 'PATCH',
      path: `${pathOf(resource, this.namespace, name)}?fieldManager=kube-toolbox`,
      body: patch,
      contentType: 'application/merge-patch+json',
      signal,
    });
  }

  /**
   * Asks for the deletion of exactly this object and what it owns. A server answers with a `Status` where that is
   * all, and with the object where finalizers or a grace period hold it. Replaced by a newer object of the same name
   * counts as gone.
   */
  async delete(
    resource: Resource<KubeObject>,
    object: { readonly name: string; readonly uid: string; readonly resourceVersion?: string },
    signal: AbortSignal,
  ): Promise<'deleting' | 'gone' | 'changed'> {
    const { name, uid, resourceVersion } = object;
    try {
      const answer = await this.client.request<{ readonly kind?: string }>({
        method: 'DELETE',
        path: pathOf(resource, this.namespace, name),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          // Jobs of batch/v1 orphan their pods unless told otherwise.
          propagationPolicy: 'Background',
          preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        },
        signal,
      });
      return answer.kind === 'Status' ? 'gone' : 'deleting';
    } catch (error) {
      if (isApiError(error, 'NotFound')) return 'gone';
      if (isApiError(error, 'Conflict')) {
        const there = await this.get(resource, name, signal);
        if (there === undefined || there.metadata.uid !== uid) return 'gone';
        if (resourceVersion !== undefined) return 'changed';
      }
      throw error;
    }
  }

  /**
   * Waits until an object of this UID is no more. Asks in growing intervals: cheaper than a watch an object,
   * and a deletion without finalizers is over before the first question.
   *
   * @param options.patience milliseconds after which an object held by finalizers is reported as stuck
   * @throws DiagnosticError KUBE_STUCK that names the finalizers
   */
  async waitUntilGone(
    resource: Resource<KubeObject>,
    object: { readonly name: string; readonly uid: string },
    options: { readonly patience: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { policy } = this.client;
    const start = policy.now();
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      const there = await this.get(resource, object.name, signal);
      if (there === undefined || there.metadata.uid !== object.uid) return;
      if (policy.now() - start > options.patience) throw stuck(resource, there);
      await policy.sleep(wait, signal);
    }
  }
}

function metadataAs(kind: string): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;
}

/** Neither is about the object: the quota was being counted, or has not been yet. */
function isQuotaBusy(error: unknown): boolean {
  if (isApiError(error, 'Conflict')) return error.details?.kind === 'resourcequotas';
  return isApiError(error, 'Forbidden') && /status unknown for quota: /.test(error.message);
}

function stuck(resource: Resource<KubeObject>, object: KubeObject): DiagnosticError {
  const finalizers = object.metadata.finalizers ?? [];
  const held =
    finalizers.length === 0
      ? 'and nothing says why'
      : `held by ${finalizers.map((each) => `"${each}"`).join(', ')}`;
  return new DiagnosticError(
    errorDiagnostic(
      'KUBE_STUCK',
      `${resource.kind} ${object.metadata.name} is being deleted but does not go, ${held}`,
      {
        hint:
          finalizers.length === 0
            ? 'run the command again later'
            : 'whoever set this finalizer must remove it; ask the administrators of the cluster',
      },
    ),
    3,
  );
}

/** For `catch`: a refusal of the server becomes a diagnostic, anything else stays what it is. */
export function throwRefused(doing: string, error: unknown): never {
  throw error instanceof ApiError ? refused(doing, error) : error;
}

/** What an API server's refusal says to the user, with what was being done. */
export function refused(doing: string, error: DiagnosticError): DiagnosticError {
  const [told] = error.diagnostics;
  return new DiagnosticError(
    { ...(told as Diagnostic), message: `${doing}: ${error.message}`, cause: error },
    3,
  );
}
