package io.floe.journal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.scalatest.Args;
import org.scalatest.Suite;
import org.scalatest.events.Event;
import org.scalatest.events.SuiteAborted;
import org.scalatest.events.TestCanceled;
import org.scalatest.events.TestFailed;
import org.scalatest.events.TestSucceeded;
import scala.Option;

/// Runs a ScalaTest suite once and reports each of its tests as one of JUnit's.
final class ScalaTestRunner {
  private ScalaTestRunner() {}

  static List<DynamicTest> run(Suite suite) {
    List<Event> events = Collections.synchronizedList(new ArrayList<>());
    suite
        .run(
            Option.empty(),
            Args.apply(
                events::add,
                Args.apply$default$2(),
                Args.apply$default$3(),
                Args.apply$default$4(),
                Args.apply$default$5(),
                Args.apply$default$6(),
                Args.apply$default$7(),
                Args.apply$default$8(),
                Args.apply$default$9(),
                Args.apply$default$10()))
        .waitUntilCompleted();
    List<DynamicTest> tests = new ArrayList<>();
    for (Event event : events) {
      switch (event) {
        case TestSucceeded passed ->
            tests.add(DynamicTest.dynamicTest(passed.testName(), () -> {}));
        case TestFailed failed ->
            tests.add(
                DynamicTest.dynamicTest(
                    failed.testName(), () -> fail(failed.message(), failed.throwable())));
        case TestCanceled canceled ->
            tests.add(
                DynamicTest.dynamicTest(
                    canceled.testName(), () -> fail(canceled.message(), canceled.throwable())));
        case SuiteAborted aborted ->
            tests.add(
                DynamicTest.dynamicTest(
                    "suite aborted", () -> fail(aborted.message(), aborted.throwable())));
        default -> {}
      }
    }
    return tests;
  }

  private static void fail(String message, Option<Throwable> cause) {
    throw new AssertionError(message, cause.isEmpty() ? null : cause.get());
  }
}
