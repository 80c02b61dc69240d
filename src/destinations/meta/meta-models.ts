import type * as BusinessSdk from 'facebook-nodejs-business-sdk';

import {
  META_CUSTOM_DATA_KEYS,
  type MetaCustomData,
  type MetaServerEvent,
  type MetaUserData,
} from './meta.payload';

/** Meta's own payload models; nothing of its SDK that sends, keeps a token or listens to the process. */
export type MetaModels = Pick<
  typeof BusinessSdk,
  'ServerEvent' | 'UserData' | 'CustomData' | 'Content'
>;

/** Loads the SDK (33 MB on disk, some 100 ms): only when Meta is enabled. */
export async function loadMetaModels(): Promise<MetaModels> {
  const sdk = await import('facebook-nodejs-business-sdk');
  return {
    ServerEvent: sdk.ServerEvent,
    UserData: sdk.UserData,
    CustomData: sdk.CustomData,
    Content: sdk.Content,
  };
}

/**
 * Builds the payload with Meta's models, which check currency and shape, and adds what they lose: zeros,
 * which they take for nothing, and the referrer, which they do not know.
 *
 * @throws whatever the models throw; its message may hold the refused value.
 */
export function buildWithModels(models: MetaModels, event: MetaServerEvent): MetaServerEvent {
  const model = new models.ServerEvent()
    .setEventName(event.event_name)
    .setEventTime(event.event_time)
    .setEventId(event.event_id)
    .setActionSource(event.action_source)
    .setUserData(userDataModel(models, event.user_data));
  if (event.event_source_url !== undefined) model.setEventSourceUrl(event.event_source_url);
  if (event.opt_out === true) model.setOptOut(true);
  const { custom_data: custom } = event;
  if (custom !== undefined) model.setCustomData(customDataModel(models, custom));
  if (event.data_processing_options !== undefined) {
    model
      .setDataProcessingOptions([...event.data_processing_options])
      .setDataProcessingOptionsCountry(event.data_processing_options_country ?? 0)
      .setDataProcessingOptionsState(event.data_processing_options_state ?? 0);
  }
  const built = model.normalize() as unknown as MetaServerEvent;
  if (event.referrer_url !== undefined) built.referrer_url = event.referrer_url;
  addHashes(event.user_data, built.user_data);
  if (custom !== undefined) addPastTheModel(models, custom, built);
  return built;
}

/** Only what is raw: hashes go past the model, which would search each of them for what it is. */
function userDataModel(models: MetaModels, user: MetaUserData): BusinessSdk.UserData {
  const model = new models.UserData();
  if (user.client_ip_address !== undefined) model.setClientIpAddress(user.client_ip_address);
  if (user.client_user_agent !== undefined) model.setClientUserAgent(user.client_user_agent);
  if (user.fbc !== undefined) model.setFbc(user.fbc);
  if (user.fbp !== undefined) model.setFbp(user.fbp);
  if (user.subscription_id !== undefined) model.setSubscriptionId(user.subscription_id);
  return model;
}

const HASHED_FIELDS = [
  'em',
  'ph',
  'fn',
  'ln',
  'db',
  'ge',
  'ct',
  'st',
  'zp',
  'country',
  'external_id',
] as const;

function addHashes(user: MetaUserData, built: MetaUserData): void {
  for (const field of HASHED_FIELDS) if (user[field] !== undefined) built[field] = user[field];
}

/** Currencies that the model accepted; it searches a list for each, and a host has few. */
const acceptedCurrencies = new Set<string>();

/** @throws what the model throws for a currency that Meta does not know. */
function checkCurrency(models: MetaModels, currency: string): void {
  if (acceptedCurrencies.has(currency)) return;
  new models.CustomData().setCurrency(currency).normalize();
  acceptedCurrencies.add(currency);
}

function customDataModel(models: MetaModels, custom: MetaCustomData): BusinessSdk.CustomData {
  const model = new models.CustomData();
  if (custom.value !== undefined) model.setValue(custom.value);
  if (custom.content_name !== undefined) model.setContentName(custom.content_name);
  if (custom.content_category !== undefined) model.setContentCategory(custom.content_category);
  if (custom.content_ids !== undefined) model.setContentIds([...custom.content_ids]);
  if (custom.content_type !== undefined) model.setContentType(custom.content_type);
  if (custom.order_id !== undefined) model.setOrderId(custom.order_id);
  if (custom.predicted_ltv !== undefined) model.setPredictedLtv(custom.predicted_ltv);
  if (custom.num_items !== undefined) model.setNumItems(custom.num_items);
  if (custom.search_string !== undefined) model.setSearchString(custom.search_string);
  if (custom.status !== undefined) model.setStatus(custom.status);
  if (custom.contents !== undefined) {
    model.setContents(
      custom.contents.map((content) => {
        const contentModel = new models.Content();
        if (content.id !== undefined) contentModel.setId(content.id);
        if (content.quantity !== undefined) contentModel.setQuantity(content.quantity);
        if (content.item_price !== undefined) contentModel.setItemPrice(content.item_price);
        if (content.title !== undefined) contentModel.setTitle(content.title);
        if (content.category !== undefined) contentModel.setCategory(content.category);
        if (content.brand !== undefined) contentModel.setBrand(content.brand);
        return contentModel;
      }),
    );
  }
  return model;
}

/** What the custom data model loses or is dear at: zeros, the host's own properties, the currency. */
function addPastTheModel(models: MetaModels, custom: MetaCustomData, built: MetaServerEvent): void {
  const data = (built.custom_data ??= {});
  if (custom.currency !== undefined) {
    checkCurrency(models, custom.currency);
    data.currency = custom.currency;
  }
  if (custom.predicted_ltv === 0) data.predicted_ltv = 0;
  if (custom.num_items === 0) data.num_items = 0;
  for (const [index, content] of (custom.contents ?? []).entries()) {
    const builtContent = data.contents?.[index];
    if (builtContent === undefined) continue;
    if (content.item_price === 0) builtContent.item_price = 0;
    if (content.quantity === 0) builtContent.quantity = 0;
  }
  for (const key in custom) {
    if (!META_CUSTOM_DATA_KEYS.has(key) && custom[key] !== undefined) data[key] = custom[key];
  }
}
