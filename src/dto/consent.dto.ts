import { IsBoolean, IsIn, IsNumber, IsOptional, IsString, MaxLength } from 'class-validator';

import type { Consent, ConsentState } from '../events/consent';

const STATES: readonly ConsentState[] = ['granted', 'denied', 'unknown'];

export class ConsentDto implements Consent {
  @IsOptional() @IsIn(STATES) adStorage?: ConsentState;
  @IsOptional() @IsIn(STATES) analyticsStorage?: ConsentState;
  @IsOptional() @IsIn(STATES) adUserData?: ConsentState;
  @IsOptional() @IsIn(STATES) adPersonalization?: ConsentState;
  @IsOptional() @IsBoolean() saleOptOut?: boolean;
  @IsOptional() @IsBoolean() gpc?: boolean;
  @IsOptional() @IsString() @MaxLength(60) region?: string;
  @IsOptional() @IsString() @MaxLength(50) source?: string;
  @IsOptional() @IsString() @MaxLength(100) version?: string;
  @IsOptional() @IsNumber() capturedAt?: number;
}
