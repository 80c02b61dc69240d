import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsISO4217CurrencyCode,
  IsNumber,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';

import { SUBSCRIPTION_PHASES, type SubscriptionPhase } from '../events/tracking-event';
import { EventDto, ItemsEventDto, ValuedEventDto } from './event.dto';
import { ItemDto } from './item.dto';

export class PageViewDto extends EventDto {
  @IsOptional() @IsString() @MaxLength(500) title?: string;
}

export class ViewItemDto extends ItemsEventDto {}

export class ViewItemListDto extends ItemsEventDto {
  @IsOptional() @IsString() @MaxLength(200) listId?: string;
  @IsOptional() @IsString() @MaxLength(200) listName?: string;
}

export class SearchDto extends ItemsEventDto {
  @IsString() @MinLength(1) @MaxLength(500) searchTerm!: string;
}

/** For adding to and removing from the cart, and for the wishlist. */
export class CartDto extends ItemsEventDto {}

export class BeginCheckoutDto extends ItemsEventDto {}

export class AddShippingInfoDto extends ItemsEventDto {
  @IsOptional() @IsString() @MaxLength(100) shippingTier?: string;
}

export class AddPaymentInfoDto extends ItemsEventDto {
  @IsOptional() @IsString() @MaxLength(100) paymentType?: string;
}

/** What a purchase and a refund have in common. */
abstract class OrderDto extends EventDto {
  @IsString() @MinLength(1) @MaxLength(200) orderId!: string;
  @IsNumber() @Min(0) value!: number;
  @IsISO4217CurrencyCode() currency!: string;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(200)
  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items?: ItemDto[];

  @IsOptional() @IsNumber() @Min(0) tax?: number;
  @IsOptional() @IsNumber() @Min(0) shipping?: number;
}

export class PurchaseDto extends OrderDto {
  @IsOptional() @IsString() @MaxLength(100) coupon?: string;
  @IsOptional() @IsIn(['new', 'returning']) customerType?: 'new' | 'returning';
}

export class RefundDto extends OrderDto {
  @IsOptional() @IsString() @MaxLength(200) refundId?: string;
}

export class RegistrationDto extends ValuedEventDto {
  @IsOptional() @IsString() @MaxLength(100) method?: string;
}

export class LoginDto extends EventDto {
  @IsOptional() @IsString() @MaxLength(100) method?: string;
}

export class LeadDto extends ValuedEventDto {
  @IsOptional() @IsString() @MaxLength(200) leadId?: string;
  @IsOptional() @IsString() @MaxLength(200) leadName?: string;
  @IsOptional() @IsString() @MaxLength(200) leadSource?: string;
}

export class ContactDto extends EventDto {
  @IsOptional() @IsString() @MaxLength(100) method?: string;
}

export class SubscriptionDto extends ValuedEventDto {
  @IsIn(SUBSCRIPTION_PHASES) phase!: SubscriptionPhase;
  @IsOptional() @IsString() @MaxLength(200) subscriptionId?: string;
  @IsOptional() @IsString() @MaxLength(200) plan?: string;
  @IsOptional() @IsString() @MaxLength(200) invoiceId?: string;
  @IsOptional() @IsNumber() @Min(0) predictedLtv?: number;
  @IsOptional() @IsString() @MaxLength(200) reason?: string;
}

export class CustomDto extends ItemsEventDto {
  @IsString() @MinLength(1) @MaxLength(50) eventName!: string;
}
