/** A customer. The names of the fields are those of `UserData`, so that it can be tracked as it is. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly fullName: string;
  readonly phone?: string;
}
