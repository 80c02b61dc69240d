import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsISO4217CurrencyCode,
  IsISO8601,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';

import type { JsonValue } from '../events/json-value';
import { ConsentDto } from './consent.dto';
import { ItemDto } from './item.dto';
import { UserDataDto } from './user-data.dto';

/**
 * What every event may carry in a request's body. `context`, `initiatedBy`, `tenantId` and `only` are
 * left out on purpose: they are the server's to say, not a stranger's.
 */
export abstract class EventDto {
  @IsOptional() @IsString() @MaxLength(200) eventId?: string;
  @IsOptional() @IsISO8601() occurredAt?: string;
  @IsOptional() @ValidateNested() @Type(() => UserDataDto) user?: UserDataDto;
  @IsOptional() @ValidateNested() @Type(() => ConsentDto) consent?: ConsentDto;
  @IsOptional() @IsObject() properties?: Record<string, JsonValue>;
}

/** An event that may have a value. */
export abstract class ValuedEventDto extends EventDto {
  @IsOptional() @IsNumber() @Min(0) value?: number;
  @IsOptional() @IsISO4217CurrencyCode() currency?: string;
}

/** An event that may have items. */
export abstract class ItemsEventDto extends ValuedEventDto {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(200)
  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items?: ItemDto[];

  @IsOptional() @IsString() @MaxLength(100) coupon?: string;
}
