using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Fairlead.Tests;

/// <summary>
/// Runs tests like xunit, and reports those that end with <see cref="SkipException"/> as skipped: such a test finds out only at run time
/// that it does not apply to this machine. A contract's test that can never apply to its transport is not reported at all.
/// </summary>
public sealed class SkippingFramework(IMessageSink messageSink) : XunitTestFramework(messageSink)
{
    /// <inheritdoc/>
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new Executor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);

    private sealed class Executor(AssemblyName name, ISourceInformationProvider source, IMessageSink diagnostics)
        : XunitTestFrameworkExecutor(name, source, diagnostics)
    {
        protected override void RunTestCases(
            IEnumerable<IXunitTestCase> testCases,
            IMessageSink executionMessageSink,
            ITestFrameworkExecutionOptions executionOptions
        ) => base.RunTestCases(testCases, new Translation(executionMessageSink), executionOptions);
    }

    private sealed class Translation(IMessageSink inner) : LongLivedMarshalByRefObject, IMessageSink
    {
        private const string Mark = "$XunitDynamicSkip$";

        public bool OnMessage(IMessageSinkMessage message) =>
            message is not ITestFailed failed || ReasonOf(failed) is not { } reason
                ? inner.OnMessage(message)
                : reason.StartsWith(Contract.NotApplicable, StringComparison.Ordinal)
                    || inner.OnMessage(new TestSkipped(failed.Test, reason));

        private static string? ReasonOf(ITestFailed failed) =>
            failed.ExceptionTypes[0] == typeof(SkipException).FullName
            && failed.Messages[0].IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at
                ? failed.Messages[0][(at + Mark.Length)..]
                : null;
    }
}
