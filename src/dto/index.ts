export { ConsentDto } from './consent.dto';
export { EventDto, ItemsEventDto, ValuedEventDto } from './event.dto';
export {
  AddPaymentInfoDto,
  AddShippingInfoDto,
  BeginCheckoutDto,
  CartDto,
  ContactDto,
  CustomDto,
  LeadDto,
  LoginDto,
  PageViewDto,
  PurchaseDto,
  RefundDto,
  RegistrationDto,
  SearchDto,
  SubscriptionDto,
  ViewItemDto,
  ViewItemListDto,
} from './event-dtos';
export { ItemDto } from './item.dto';
export { UserDataDto } from './user-data.dto';
