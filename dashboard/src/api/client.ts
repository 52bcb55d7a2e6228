import createClient, { type Middleware } from "openapi-fetch";
import { ApiError, errorOf, unreachable } from "./errors";
import type { paths } from "./schema.gen";
import { askForToken, currentToken } from "./token";

/** The admin API answers within its own deadlines; this one is for a network that swallows answers. */
const TIMEOUT_MS = 10_000;

/** Tokens are visible ASCII. Anything else is left out and asked for again: the browser would refuse to send it. */
const SENDABLE = /^[!-~]+$/;

const authenticate: Middleware = {
  onRequest({ request }) {
    const authorization = currentAuthorization();
    if (authorization) request.headers.set("Authorization", authorization);
    return request;
  },
  onResponse({ request, response }) {
    // A refusal of the token before, which came late, says nothing of the one that was given meanwhile.
    const isOfNow = request.headers.get("Authorization") === currentAuthorization();
    if (response.status === 401 && isOfNow) askForToken();
  },
};

function currentAuthorization(): string | null {
  const token = currentToken();
  return token && SENDABLE.test(token) ? `Bearer ${token}` : null;
}

/** The admin API, with paths, parameters and answers typed by its OpenAPI file. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: (request) => fetch(new Request(request, { signal: withDeadline(request.signal) })),
});
api.use(authenticate);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer. Throws an ApiError for every answer that is none, and for no answer. */
export async function dataOf<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked.catch(rethrow);
  if (data === undefined) throw errorOf(response.status, error);
  return data;
}

function withDeadline(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
}

function rethrow(cause: unknown): never {
  const abandoned = cause instanceof DOMException && cause.name === "AbortError";
  throw abandoned || cause instanceof ApiError ? cause : unreachable(cause);
}
