import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { Track, type HandledCall } from 'nestjs-server-tracking';

import { CURRENCY, findProduct, itemOf, type Product } from './product';

/** Where ads lead to; a real shop would render a page here. */
@Controller('products')
export class CatalogController {
  @Get(':sku')
  @Track('view_item', {
    map: ({ result }: HandledCall<Product>) => ({ items: [itemOf(result)], currency: CURRENCY }),
  })
  show(@Param('sku') sku: string): Product {
    const product = findProduct(sku);
    if (product === undefined) throw new NotFoundException('There is no such product');
    return product;
  }
}
