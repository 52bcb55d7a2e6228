/** A failed request to the admin API; its message is shown on the page. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(message: string, status: number, code: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }

  /** A 4xx status: retrying the same request cannot help. */
  get isPermanent(): boolean {
    return this.status >= 400 && this.status < 500;
  }
}

type ErrorBody = { error: { code: string; message: string } };

/** The error for a response with a status of 400 or more. */
export function errorFromResponse(status: number, body: unknown): ApiError {
  if (isErrorBody(body)) return new ApiError(body.error.message, status, body.error.code);
  return new ApiError(`The admin API responded with status ${status}.`, status, `HTTP_${status}`);
}

/** The error for a request that got no response: it timed out, or the connection failed. */
export function noResponseError(cause: unknown): ApiError {
  const timedOut = cause instanceof DOMException && cause.name === "TimeoutError";
  if (timedOut) return new ApiError("The admin API did not respond in time.", 0, "TIMEOUT");
  return new ApiError("The admin API cannot be reached.", 0, "UNREACHABLE");
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== "object" || body === null || !("error" in body)) return false;
  const { error } = body;
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}
