import { Type } from 'class-transformer';
import {
  IsDefined,
  IsEmail,
  IsOptional,
  IsString,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { ConsentDto } from 'nestjs-server-tracking/dto';

export class RegisterDto {
  @IsEmail() email!: string;
  @IsString() @MinLength(1) @MaxLength(200) fullName!: string;
  @IsOptional() @IsString() @MaxLength(40) phone?: string;

  /** The browser's, if its pixel has already sent the event under this ID. */
  @IsOptional() @IsString() @MaxLength(100) eventId?: string;

  /** What the visitor chose in the consent banner. */
  @IsDefined() @ValidateNested() @Type(() => ConsentDto) consent!: ConsentDto;
}
