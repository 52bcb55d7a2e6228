/** A payload with numbers that a double would change and markup that must not run. */
export const PAYLOAD =
  '{"order":{"id":12345678901234567890,"total":1e5,"lines":[{"sku":"A-1","qty":2},{"sku":"B-7","qty":1}]},' +
  '"note":"<img src=x onerror=alert(1)>","paid":true,"coupon":null,"ratio":0.10}';
