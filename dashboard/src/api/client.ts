import createClient, { type Middleware } from "openapi-fetch";
import { ApiError, errorFromResponse, noResponseError } from "./errors";
import type { paths } from "./schema.gen";
import { currentToken, requestToken } from "./token";

/** The admin API has deadlines of its own; this one is for a network that drops responses. */
const TIMEOUT_MS = 10_000;

/** Tokens are visible ASCII. Anything else is not sent, because the browser would throw, and requested again. */
const VISIBLE_ASCII = /^[!-~]+$/;

const authenticate: Middleware = {
  onRequest({ request }) {
    const authorization = currentAuthorization();
    if (authorization) request.headers.set("Authorization", authorization);
    return request;
  },
  onResponse({ request, response }) {
    // A late 401 for the previous token says nothing about the current one.
    const isCurrent = request.headers.get("Authorization") === currentAuthorization();
    if (response.status === 401 && isCurrent) requestToken();
  },
};

function currentAuthorization(): string | null {
  const token = currentToken();
  return token && VISIBLE_ASCII.test(token) ? `Bearer ${token}` : null;
}

/** The admin API client, typed by its OpenAPI file. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: (request) => fetch(new Request(request, { signal: withDeadline(request.signal) })),
});
api.use(authenticate);

type FetchResult<T> = { data?: T; error?: unknown; response: Response };

/** The data of a successful response. Throws an ApiError for an error status and when no response came. */
export async function dataOf<T>(request: Promise<FetchResult<T>>): Promise<T> {
  const { data, error, response } = await request.catch(rethrow);
  if (data === undefined) throw errorFromResponse(response.status, error);
  return data;
}

function withDeadline(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
}

function rethrow(cause: unknown): never {
  const aborted = cause instanceof DOMException && cause.name === "AbortError";
  throw aborted || cause instanceof ApiError ? cause : noResponseError(cause);
}
