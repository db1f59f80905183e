using System.Collections.Immutable;
using Fairlead.Rpc.Generator;
using Microsoft.CodeAnalysis;

namespace Fairlead.NamedHandles.Generator;

/// <summary>
/// Sends calls of the platform's static methods to Fairlead: waits for several handles, waits of the thread pool, and maps by name. The
/// types themselves stay the platform's, because programs mix their objects with others: <c>new WaitHandle[] { token.WaitHandle,
/// semaphore }</c>.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class InterceptorGenerator : IIncrementalGenerator
{
    /// <summary>The name of the step that reads the calls, for tests.</summary>
    public const string CallStep = "Calls";

    /// <summary>The name of the step with all calls that are intercepted, for tests.</summary>
    public const string FileStep = "File";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValueProvider<Switches> switches = context.AnalyzerConfigOptionsProvider.Select(
            static (options, _) => Switches.Read(options));
        IncrementalValueProvider<ImmutableArray<InterceptedCall?>> calls = context
            .SyntaxProvider.CreateSyntaxProvider(static (node, _) => CallReader.IsCandidate(node), CallReader.Read)
            .Where(static call => call is not null)
            .WithTrackingName(CallStep)
            .Collect();
        IncrementalValueProvider<EquatableArray<InterceptedCall>> intercepted = calls
            .Combine(switches)
            .Select(static (found, _) => new EquatableArray<InterceptedCall>(
                [.. found.Left.OfType<InterceptedCall>().Where(call => IsOn(call, found.Right))]))
            .WithTrackingName(FileStep);
        context.RegisterSourceOutput(intercepted, static (output, found) =>
        {
            if (found.Count > 0)
            {
                output.AddSource("NamedHandles.g.cs", InterceptorWriter.Write(found));
            }
        });
    }

    private static bool IsOn(InterceptedCall call, Switches switches) =>
        call.Method.Type.EndsWith("Maps", StringComparison.Ordinal) ? switches.Map : switches.Waits;
}
