package app;

import dev.dbos.transact.json.DBOSJavaSerializer;
import java.math.*;
import java.time.*;
import java.util.*;
import java.util.concurrent.*;
/** Prints java_jackson.json: what the serializer of DBOS for Java writes, as name -> text. */
public class Main {
  public enum Color { RED }
  public record Order(int number, long total, String note, List<String> lines, Color color, Order next) {}
  public static class OrderException extends RuntimeException {
    public OrderException(String message, Throwable cause) { super(message, cause); }
  }
  public static void main(String[] unused) {
    var values = new LinkedHashMap<String, Object>();
    values.put("null", null);
    values.put("scalars", new Object[] {null, true, 1, -1.5, 1.0, "text", 'c', 2.5f});
    values.put("longs", new Object[] {1L, 9007199254740993L, Long.MIN_VALUE, new BigInteger("123456789012345678901234567890")});
    values.put("decimals", new Object[] {new BigDecimal("1.10"), new BigDecimal("12345678901234567890.5"), new BigDecimal("7")});
    values.put("doubles", new Object[] {Double.NaN, Double.POSITIVE_INFINITY, 1e300, 0.1});
    values.put("bytes", new byte[] {0, 127, -1});
    values.put("arrays", new Object[] {new int[] {1, 2}, new String[] {"a", "b"}, new int[][] {{1}, {2, 3}}, new double[] {1.0, Double.NaN}, new Integer[] {1, null}});
    values.put("lists", new Object[] {new ArrayList<>(List.of(1, "java.lang.String")), List.of(), List.of("a.B", "c"), Arrays.asList(1L, null)});
    values.put("maps", new Object[] {new TreeMap<>(Map.of("a", 1, "b", List.of(2L))), Map.of(), new TreeMap<>(Map.of(1, "one")), new LinkedHashMap<>(Map.of("__proto__", 1))});
    values.put("sets", new Object[] {new LinkedHashSet<>(List.of(1, 2)), Set.of("a"), new TreeSet<>(Set.of("b")), EnumSet.of(Color.RED), new CopyOnWriteArraySet<>(Set.of(1)), ConcurrentHashMap.newKeySet()});
    values.put("times", new Object[] {new Date(5), Instant.parse("2026-01-02T03:04:05.678901Z"), OffsetDateTime.parse("2026-01-02T03:04:05+05:30"), LocalDate.of(2026, 1, 2), Duration.ofSeconds(90), ZonedDateTime.parse("2026-01-02T03:04:05+01:00[Europe/Paris]")});
    values.put("others", new Object[] {UUID.fromString("12345678-1234-5678-1234-567812345678"), Color.RED});
    values.put("record", new Order(7, 9007199254740993L, "n", List.of("x"), Color.RED, new Order(8, 1, null, null, null, null)));
    var json = new tools.jackson.databind.json.JsonMapper();
    values.put("json", new Object[] {json.readTree("{\"a\": [\"b.C\", \"d\"], \"e\": {\"@class\": 1}}"), json.readTree("[[1, 1.5, null], [\"a.B\", \"c\"]]"), json.readTree("9007199254740993")});
    var s = DBOSJavaSerializer.INSTANCE;
    var lines = new ArrayList<String>();
    values.forEach((name, value) -> lines.add(" " + json.writeValueAsString(name) + ": " + json.writeValueAsString(s.serialize(value))));
    var error = new OrderException("no such order", new IllegalStateException("inside"));
    lines.add(" \"error\": " + json.writeValueAsString(s.serializeThrowable(error)));
    System.out.println("{\n" + String.join(",\n", lines) + "\n}");
  }
}
