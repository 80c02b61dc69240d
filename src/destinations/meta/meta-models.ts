import type * as BusinessSdk from 'facebook-nodejs-business-sdk';

import { META_CUSTOM_DATA_KEYS, type MetaCustomData, type MetaServerEvent } from './meta.payload';

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
 * Builds the payload with Meta's models, which check currency and shape, and puts back what they lose:
 * zeros, which they take for nothing, and the referrer, which they do not know.
 *
 * @throws whatever the models throw; its message may hold the refused value.
 */
export function buildWithModels(models: MetaModels, event: MetaServerEvent): MetaServerEvent {
  const model = new models.ServerEvent()
    .setEventName(event.event_name)
    .setEventTime(event.event_time)
    .setEventId(event.event_id)
    .setActionSource(event.action_source)
    .setUserData(userDataModel(models, event));
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
  if (custom !== undefined) restoreZeros(custom, built);
  return built;
}

function userDataModel(
  models: MetaModels,
  { user_data: user }: MetaServerEvent,
): BusinessSdk.UserData {
  const model = new models.UserData();
  if (user.em) model.setEmails([...user.em]);
  if (user.ph) model.setPhones([...user.ph]);
  if (user.fn) model.setFirstNames([...user.fn]);
  if (user.ln) model.setLastNames([...user.ln]);
  if (user.db) model.setDatesOfBirth([...user.db]);
  if (user.ge) model.setGenders([...user.ge]);
  if (user.ct) model.setCities([...user.ct]);
  if (user.st) model.setStates([...user.st]);
  if (user.zp) model.setZips([...user.zp]);
  if (user.country) model.setCountries([...user.country]);
  if (user.external_id) model.setExternalIds([...user.external_id]);
  if (user.client_ip_address !== undefined) model.setClientIpAddress(user.client_ip_address);
  if (user.client_user_agent !== undefined) model.setClientUserAgent(user.client_user_agent);
  if (user.fbc !== undefined) model.setFbc(user.fbc);
  if (user.fbp !== undefined) model.setFbp(user.fbp);
  if (user.subscription_id !== undefined) model.setSubscriptionId(user.subscription_id);
  return model;
}

function customDataModel(models: MetaModels, custom: MetaCustomData): BusinessSdk.CustomData {
  const model = new models.CustomData();
  if (custom.value !== undefined) model.setValue(custom.value);
  if (custom.currency !== undefined) model.setCurrency(custom.currency);
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
  const properties = Object.entries(custom).filter(
    ([key, value]) => value !== undefined && !META_CUSTOM_DATA_KEYS.has(key),
  );
  if (properties.length > 0) model.setCustomProperties(Object.fromEntries(properties));
  return model;
}

function restoreZeros(custom: MetaCustomData, built: MetaServerEvent): void {
  const data = built.custom_data;
  if (data === undefined) return;
  if (custom.predicted_ltv === 0) data.predicted_ltv = 0;
  if (custom.num_items === 0) data.num_items = 0;
  for (const [index, content] of (custom.contents ?? []).entries()) {
    const builtContent = data.contents?.[index];
    if (builtContent === undefined) continue;
    if (content.item_price === 0) builtContent.item_price = 0;
    if (content.quantity === 0) builtContent.quantity = 0;
  }
}
