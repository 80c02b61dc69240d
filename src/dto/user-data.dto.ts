import { IsOptional, IsString, MaxLength } from 'class-validator';

import type { UserData } from '../events/user-data';

/** `UserData` as it comes in a request's body. Formats are checked by the line itself, which drops and names. */
export class UserDataDto implements UserData {
  @IsOptional() @IsString() @MaxLength(200) id?: string;
  @IsOptional() @IsString() @MaxLength(320) email?: string;
  @IsOptional() @IsString() @MaxLength(80) phone?: string;
  @IsOptional() @IsString() @MaxLength(320) firstName?: string;
  @IsOptional() @IsString() @MaxLength(320) lastName?: string;
  @IsOptional() @IsString() @MaxLength(320) fullName?: string;
  @IsOptional() @IsString() @MaxLength(40) dateOfBirth?: string;
  @IsOptional() @IsString() @MaxLength(20) gender?: string;
  @IsOptional() @IsString() @MaxLength(320) street?: string;
  @IsOptional() @IsString() @MaxLength(320) city?: string;
  @IsOptional() @IsString() @MaxLength(320) state?: string;
  @IsOptional() @IsString() @MaxLength(20) postalCode?: string;
  @IsOptional() @IsString() @MaxLength(80) country?: string;
}
