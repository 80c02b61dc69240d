import { IsNumber, IsOptional, IsString, MaxLength, Min, MinLength } from 'class-validator';

import type { Item } from '../events/item';

export class ItemDto implements Item {
  @IsString() @MinLength(1) @MaxLength(200) id!: string;
  @IsOptional() @IsString() @MaxLength(500) name?: string;
  @IsOptional() @IsNumber() @Min(0) price?: number;
  @IsOptional() @IsNumber() @Min(0) quantity?: number;
  @IsOptional() @IsString() @MaxLength(500) category?: string;
  @IsOptional() @IsString() @MaxLength(200) brand?: string;
  @IsOptional() @IsString() @MaxLength(200) variant?: string;
}
