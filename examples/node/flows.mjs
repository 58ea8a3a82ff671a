// What each event means for the other systems. A handler may run again for the same event at any time: it looks whether its document is
// there, and only then makes it, under a key that comes from the source document.

const BALANCE_EVENTS = ["receivable.posted", "receivable.accepted", "receivable.overdue", "receipt.posted", "receipt.reversed",
  "settlement.posted", "offset.posted", "write_off.posted", "write_off.reversed"];

/** Yuan as the CRM writes them (JSON numbers) in whole fen, exactly. */
const fenOf = (yuan) => BigInt(Math.round(Number(yuan) * 100));
/** 12345n, 2 -> "123.45". */
const decimal = (number, places) => String(number).padStart(places + 1, "0").replace(new RegExp(`(?=.{${places}}$)`), ".");
/** Yuan without tax per unit, with four decimals, rounded half up. */
const unitPrice = (netFen, quantity) => decimal((netFen * 200n + BigInt(quantity)) / (2n * BigInt(quantity)), 4);
const shanghaiDate = (instant) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(new Date(instant));

export class Flows {
  constructor(crm, scm, finance, state) {
    Object.assign(this, { crm, scm, finance, state });
  }

  /** Event type -> [the document with which it stays in order, what to do]. */
  get handlers() {
    const order = (event) => `order ${event.data.number}`;
    const delivery = (event) => `order ${event.data.source_reference?.document ?? event.subject}`;
    const balance = [(event) => `balance ${event.subject}`, (event) => this.balanceChanged(event.subject)];
    return {
      "crm.order.confirmed": [order, (event) => this.orderConfirmed(event.data)],
      "crm.order.cancelled": [order, (event) => this.orderCancelled(event.data)],
      "scm.delivery.shipped": [delivery, (event) => this.deliveryShipped(event.data)],
      ...Object.fromEntries(BALANCE_EVENTS.map((name) => [`finance.${name}`, balance])),
    };
  }

  // --- CRM order -> SCM sales order ---
  async orderConfirmed(order) {
    const now = await this.crm.get(`/orders/${order.id}`);
    if (now.state === "cancelled") return; // the event tells how it was
    const salesOrder = (await this.salesOrdersOf(order.number))[0] ?? (await this.enter(order));
    if (salesOrder.state === "draft") await this.act(salesOrder.sales_order_no, "approve", ["approved", "closed"]);
  }

  async salesOrdersOf(number) {
    const found = await this.scm.get("/sales-orders", { source_document: number });
    return found.items.filter((one) => one.source_reference?.system === "crm" && one.state !== "cancelled");
  }

  async enter(order) {
    return this.scm.post("/sales-orders", `sales-order/crm/${order.number}`, {
      partner_code: await this.partnerOf(order.customerId),
      order_date: shanghaiDate(order.confirmedAt),
      requested_date: order.requestedDeliveryDate,
      source_reference: { system: "crm", document: order.number, id: order.id },
      lines: order.lines.map((line) => ({
        product_code: line.productCode,
        quantity: String(line.quantity),
        unit: line.unit, // the SCM knows how many base units that is
        unit_price: unitPrice(fenOf(line.netAmount), line.quantity),
        tax_rate: String(line.taxRate),
        amount: decimal(fenOf(line.netAmount), 2),
        tax_amount: decimal(fenOf(line.taxAmount), 2),
        source_line: line.lineNumber,
      })),
    });
  }

  async orderCancelled(order) {
    for (const one of await this.salesOrdersOf(order.number)) await this.act(one.sales_order_no, "cancel", ["cancelled"]);
  }

  /** An action is fine when the sales order is where it leads to already. */
  async act(number, action, reached) {
    try {
      await this.scm.post(`/sales-orders/${number}/${action}`, `${action}/${number}`);
    } catch (error) {
      if (error.status !== 409 || !reached.includes((await this.scm.get(`/sales-orders/${number}`)).state)) throw error;
    }
  }

  // --- SCM delivery -> finance receivable, CRM delivery status ---
  async deliveryShipped(delivery) {
    const reference = delivery.source_reference;
    if (reference?.system !== "crm") return; // sold without the CRM
    const order = await this.crm.get(`/orders/${reference.id}`);
    const there = await this.finance.get("/receivables", { source_document: delivery.delivery_no });
    // A small part's share may round to nothing, and nothing is not billed.
    if (there.items.length === 0 && Number(delivery.gross_amount) !== 0) await this.bill(delivery, order);
    const salesOrder = await this.scm.get(`/sales-orders/${delivery.sales_order_no}`);
    const deliveryStatus = salesOrder.lines.every((line) => Number(line.shipped_quantity) === Number(line.quantity)) ? "complete" : "partial";
    await this.crm.patch(`/orders/${order.id}`, (now) =>
      now.state !== "confirmed" || now.deliveryStatus === deliveryStatus ? null : { deliveryStatus });
  }

  async bill(delivery, order) {
    return this.finance.post("/receivables", `receivable/scm/${delivery.delivery_no}`, {
      customer_id: await this.debtorOf(order.customerId),
      business_date: delivery.ship_date, // the day on which the goods left decides the period
      source_reference: { system: "scm", document: delivery.delivery_no },
      order_reference: order.number,
      lines: delivery.lines.map((line) => ({
        description: `${line.product_name} ${line.product_code} × ${line.quantity} ${line.unit}`.slice(0, 200),
        net_amount: line.amount,
        tax_rate: line.tax_rate,
        tax_amount: line.tax_amount,
      })),
    });
  }

  // --- finance -> CRM balance ---
  async balanceChanged(financeId) {
    const balance = await this.finance.get(`/customers/${financeId}/balance`);
    const body = { openAmount: Number(balance.open_amount), overdueAmount: Number(balance.overdue_amount), asOf: balance.as_of };
    for (const id of await this.customersOf(financeId)) {
      try {
        await this.crm.send("PUT", `/customers/${id}/balance`, { body });
      } catch (error) {
        // The CRM has a later one, which covers this; or the customer was merged, and the one that is left gets it.
        if (!["balance-outdated", "customer-merged"].includes(error.name)) throw error;
      }
    }
  }

  // --- which customer is which: by unified social credit code, then by the exact legal name ---
  partnerOf = (customerId) => this.counterpart(this.scm, "/partners", customerId, (one) => one.partner_code);

  async debtorOf(customerId) {
    const id = await this.counterpart(this.finance, "/customers", customerId, (one) => one.id, "full_name");
    const known = this.state.link(`debtor ${id}`) ?? [];
    if (!known.includes(customerId)) this.state.setLink(`debtor ${id}`, [...known, customerId]);
    return id;
  }

  async counterpart(system, path, customerId, recordOf, nameFilter) {
    const key = `${system.name} customer ${customerId}`;
    if (this.state.link(key) !== undefined) return this.state.link(key);
    const customer = await this.crm.get(`/customers/${customerId}`);
    const code = customer.unifiedSocialCreditCode ?? undefined;
    const found = code ? (await system.get(path, { tax_number: code })).items : [];
    if (found.length === 0 && nameFilter) {
      const alike = (await system.get(path, { [nameFilter]: customer.name })).items;
      found.push(...alike.filter((one) => !code || !one.tax_number)); // another code is another company
    }
    const there = found[0] ?? (await system.post(path, `customer/crm/${customer.code}`, {
      short_name: customer.name.slice(0, 60).trim(),
      full_name: customer.name,
      ...(code ? { tax_number: code } : {}),
      source_reference: { system: "crm", document: customer.code, id: customer.id },
    }));
    return this.state.setLink(key, recordOf(there));
  }

  /** Ids of the CRM's customers that a customer of finance is: known from a receivable, else by its tax number. */
  async customersOf(financeId) {
    const known = this.state.link(`debtor ${financeId}`);
    const code = known ? null : (await this.finance.get(`/customers/${financeId}`)).tax_number;
    if (!code) return known ?? [];
    return (await this.crm.get("/customers", { unifiedSocialCreditCode: code })).items.map((one) => one.id);
  }
}
