import { IsEmail, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';

export class RegisterDto {
  @IsEmail() email!: string;
  @IsString() @MinLength(1) @MaxLength(200) fullName!: string;
  @IsOptional() @IsString() @MaxLength(40) phone?: string;

  /** The browser's, if its pixel has already sent the event under this ID. */
  @IsOptional() @IsString() @MaxLength(100) eventId?: string;
}
