import static dev.dbos.transact.workflow.QueueOptions.setConcurrency;
import static dev.dbos.transact.workflow.QueueOptions.setPartitionQueue;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dbos.transact.DBOS;
import dev.dbos.transact.StartWorkflowOptions;
import dev.dbos.transact.config.DBOSConfig;
import dev.dbos.transact.json.DBOSPortableSerializer;
import dev.dbos.transact.json.DBOSSerializer;
import dev.dbos.transact.json.PortableWorkflowException;
import dev.dbos.transact.workflow.QueueOptions;
import dev.dbos.transact.workflow.Workflow;
import dev.dbos.transact.workflow.WorkflowClassName;
import dev.dbos.transact.workflow.WorkflowSchedule;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/** The application of tests/interop/suite.ts in Java. */
public class App {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);

  private final DBOS dbos;

  private App(DBOS dbos) {
    this.dbos = dbos;
  }

  /** What the workflow `fail` throws. */
  static class CustomError extends PortableWorkflowException {
    CustomError(String message, Object code, Object data) {
      super(message, "CustomError", code, data);
    }
  }

  /** A serializer of the application's own: JSON in base64, with escapes as those of URLs. */
  static class Base64Json implements DBOSSerializer {
    private final DBOSSerializer json = DBOSPortableSerializer.INSTANCE;

    private static String encode(String text) {
      // A form has a plus for a space.
      var escaped = URLEncoder.encode(text, UTF_8).replace("+", "%20");
      return Base64.getEncoder().encodeToString(escaped.getBytes(UTF_8));
    }

    private static String decode(String text) {
      var escaped = new String(Base64.getDecoder().decode(text), UTF_8);
      return URLDecoder.decode(escaped.replace("+", "%2B"), UTF_8);
    }

    public String name() {
      return "base64_json";
    }

    public String serialize(Object value) {
      return encode(json.serialize(value));
    }

    public Object deserialize(String text) {
      return json.deserialize(decode(text));
    }

    public String serializeThrowable(Throwable error) {
      return encode(json.serializeThrowable(error));
    }

    public Throwable deserializeThrowable(String text) {
      return json.deserializeThrowable(decode(text));
    }
  }

  interface Greeter {
    String greet(String name);
  }

  @WorkflowClassName("Greeter")
  static class PoliteGreeter implements Greeter {
    @Workflow
    public String greet(String name) {
      return "Hello, " + name;
    }
  }

  interface Speaker {
    String speak(String name);
  }

  @WorkflowClassName("Speaker")
  record SpeakerOf(String language) implements Speaker {
    @Workflow
    public String speak(String name) {
      return language + ": " + name;
    }
  }

  @Workflow
  public List<Object> echo() {
    return List.of();
  }

  @Workflow
  public List<Object> echo(Object value) {
    return Arrays.asList(value);
  }

  @Workflow
  public List<Object> echo(Object first, Object second) {
    return Arrays.asList(first, second);
  }

  /** With as many arguments as suite.ts has values. */
  @Workflow
  public List<Object> echo(
      Object a, Object b, Object c, Object d, Object e, Object f, Object g, Object h,
      Object i, Object j, Object k, Object l, Object m, Object n, Object o) {
    return Arrays.asList(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  }

  @Workflow
  public Object echoOne(Object value) {
    return value;
  }

  @Workflow
  public void fail(String message) {
    throw new CustomError(message, null, null);
  }

  @Workflow
  public void fail(String message, Object code, Object data) {
    throw new CustomError(message, code, data);
  }

  /** The scheduler only runs workflows with parameters of these types. */
  @Workflow
  public List<Object> tick(Instant time, Object context) {
    return Arrays.asList(time, context);
  }

  @Workflow
  public Object waitForMessage() {
    return waitForMessage(null);
  }

  @Workflow
  public Object waitForMessage(String topic) {
    return dbos.recv(topic, TIMEOUT).orElse(null);
  }

  @Workflow
  public List<Object> collect(int count, String topic) {
    var messages = new ArrayList<>();
    while (messages.size() < count) messages.add(waitForMessage(topic));
    return messages;
  }

  @Workflow
  public Object publish(String key, Object value) {
    dbos.setEvent(key, value);
    return value;
  }

  @Workflow
  public void writeNumbers(String key, int count) {
    for (int number = 0; number < count; number++) dbos.writeStream(key, number);
    dbos.closeStream(key);
  }

  @Workflow
  public Map<String, Object> whoAmI() {
    var who = new HashMap<String, Object>();
    who.put("user", DBOS.authenticatedUser());
    who.put("roles", DBOS.authenticatedRoles());
    return who;
  }

  /** Its steps return different values each time they run. */
  @Workflow
  public Map<String, Object> takeSteps() {
    var first = dbos.runStep(() -> UUID.randomUUID().toString(), "first");
    var message = waitForMessage("steps");
    var second = dbos.runStep(() -> UUID.randomUUID().toString(), "second");
    return Map.of("first", first, "message", message, "second", second);
  }

  @Workflow
  public Object runChild(String name, Object value) throws Exception {
    return start(name, value);
  }

  @Workflow
  public Object runChild(String name, Object first, Object second) throws Exception {
    return start(name, first, second);
  }

  private Object start(String name, Object... args) throws Exception {
    var workflow =
        dbos.integration().getRegisteredWorkflow(name, className(args.length)).orElseThrow();
    var options = new StartWorkflowOptions(DBOS.workflowId() + "-child");
    return dbos.integration().startRegisteredWorkflow(workflow, args, options).getResult();
  }

  /**
   * A class can have only one workflow of a name, which takes an exact number of arguments. So the
   * overloads of a method are registered under different class names.
   */
  private static String className(int argumentCount) {
    return "Workflows" + argumentCount;
  }

  private void registerWorkflows() {
    for (var method : App.class.getDeclaredMethods()) {
      if (!method.isAnnotationPresent(Workflow.class)) continue;
      var className = className(method.getParameterCount());
      dbos.integration()
          .registerWorkflow(method.getName(), className, null, this, method, null, null);
    }
    dbos.registerProxy(Greeter.class, new PoliteGreeter());
    dbos.registerProxy(Speaker.class, new SpeakerOf("french"), "french");
  }

  private void registerQueues() {
    var limits =
        Map.of(
            "tasks", QueueOptions.empty(),
            "single", setConcurrency(1).andWorkerConcurrency(1),
            "prioritized", setConcurrency(1),
            "partitioned", setPartitionQueue(true).andConcurrency(1));
    limits.forEach(
        (name, options) ->
            dbos.registerQueue(name, options.andPollingInterval(Duration.ofMillis(50))));
  }

  private static DBOSConfig configure(String url) {
    var self = System.getProperty("user.name");
    var user = Objects.requireNonNullElse(URI.create(url).getUserInfo(), self).split(":", 2);
    var defaults = DBOSConfig.defaults("test-app");
    var hasSerializer = System.getenv("SERIALIZER") != null;
    return (hasSerializer ? defaults.withSerializer(new Base64Json()) : defaults)
        .withAppVersion("test-1")
        .withSchedulerPollingInterval(Duration.ofMillis(200))
        .withDatabaseUrl(url.replaceFirst("^\\w+://([^@]*@)?", "jdbc:postgresql://"))
        .withDbUser(user[0])
        .withDbPassword(user.length > 1 ? user[1] : "");
  }

  public static void main(String[] args) throws Exception {
    var dbos = new DBOS(configure(args[0]));
    var app = new App(dbos);
    app.registerWorkflows();
    dbos.launch();
    app.registerQueues();
    if (System.getenv("OWN_SCHEDULE") != null) {
      var schedule = new WorkflowSchedule("own", "tick", className(2), "* * * * * *");
      dbos.createSchedule(schedule.withContext(Map.of("own", true)));
    }
    System.out.printf("{\"sdk\": \"dev.dbos:transact %s\"}%n", DBOS.version());
    // The parent process holds the other end, so this process also ends if the parent is killed.
    System.in.readAllBytes();
    System.exit(0);
  }
}
