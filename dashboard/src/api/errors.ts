/** Why the admin API gave no data, in words for the person in front of the page. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(message: string, status: number, code: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }

  /** Asking again cannot help before something else changes. */
  get final(): boolean {
    return this.status >= 400 && this.status < 500;
  }
}

type ErrorBody = { error: { code: string; message: string } };

/** The error that a response with a status of 400 or more stands for. */
export function errorOf(status: number, body: unknown): ApiError {
  if (isErrorBody(body)) return new ApiError(body.error.message, status, body.error.code);
  return new ApiError(`The admin API answered with status ${status}.`, status, `HTTP_${status}`);
}

/** The error of a request that got no answer at all. */
export function unreachable(cause: unknown): ApiError {
  const late = cause instanceof DOMException && cause.name === "TimeoutError";
  if (late) return new ApiError("The admin API did not answer in time.", 0, "TIMEOUT");
  return new ApiError("The admin API cannot be reached.", 0, "UNREACHABLE");
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== "object" || body === null || !("error" in body)) return false;
  const { error } = body;
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}
