import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsInt,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ConsentDto } from 'nestjs-server-tracking/dto';

export class CartLineDto {
  @IsString() @MaxLength(50) sku!: string;
  @IsInt() @Min(1) @Max(100) quantity!: number;
}

export class CheckoutDto {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => CartLineDto)
  items!: CartLineDto[];

  /** What the visitor chose in the consent banner. */
  @IsDefined() @ValidateNested() @Type(() => ConsentDto) consent!: ConsentDto;
}
