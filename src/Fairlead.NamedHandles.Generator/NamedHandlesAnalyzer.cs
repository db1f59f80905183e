using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Fairlead.NamedHandles.Generator;

/// <summary>Warns of code that does not behave on Linux as on Windows although the project uses the package.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class NamedHandlesAnalyzer : DiagnosticAnalyzer
{
    private const string WriteThrough = "WriteThrough";
    private const string ThisMachine = ".";

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        Diagnostics.PlatformType,
        Diagnostics.MethodGroup,
        Diagnostics.OtherAssembly,
        Diagnostics.AccessControl,
        Diagnostics.Impersonation,
        Diagnostics.RemoteServer,
        Diagnostics.UselessOption,
        Diagnostics.NoMutex,
    ];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            Switches switches = Switches.Read(start.Options.AnalyzerConfigOptionsProvider);
            if (switches.Any)
            {
                start.RegisterOperationAction(found => OnCreation(found, switches), OperationKind.ObjectCreation);
                start.RegisterOperationAction(found => OnCall(found, switches), OperationKind.Invocation);
                start.RegisterOperationAction(found => OnMethodGroup(found, switches), OperationKind.MethodReference);
                start.RegisterOperationAction(found => OnProperty(found, switches), OperationKind.PropertyReference);
            }
        });
    }

    private static void OnCreation(OperationAnalysisContext context, Switches switches)
    {
        IObjectCreationOperation creation = (IObjectCreationOperation)context.Operation;
        if (creation.Constructor is not { ContainingType: { } type } constructor)
        {
            return;
        }

        if (HandleTypes.IsReplaced(type, switches) && HasName(creation.Arguments))
        {
            Report(context, Diagnostics.PlatformType, creation, type.ToDisplayString(), type.Name);
        }

        if (HandleTypes.IsPipe(type, switches))
        {
            OnPipe(context, creation);
        }

        OnHandles(context, constructor, creation.Arguments);
    }

    private static void OnPipe(OperationAnalysisContext context, IObjectCreationOperation creation)
    {
        foreach (IArgumentOperation argument in creation.Arguments)
        {
            Optional<object?> constant = argument.Value.ConstantValue;
            switch (argument.Parameter?.Name)
            {
                case "serverName" when constant is { HasValue: true, Value: string server } && server != ThisMachine:
                    Report(context, Diagnostics.RemoteServer, argument, server);
                    break;
                case "options" when constant is { HasValue: true, Value: int options } && HasWriteThrough(argument.Parameter.Type, options):
                    Report(context, Diagnostics.UselessOption, argument, $"PipeOptions.{WriteThrough}");
                    break;
                default:
                    break;
            }
        }
    }

    private static void OnCall(OperationAnalysisContext context, Switches switches)
    {
        IInvocationOperation call = (IInvocationOperation)context.Operation;
        IMethodSymbol method = call.TargetMethod;
        INamedTypeSymbol type = method.ContainingType;
        if (method is { IsStatic: true, Name: "OpenExisting" or "TryOpenExisting" } && HandleTypes.IsReplaced(type, switches))
        {
            Report(context, Diagnostics.PlatformType, call, type.ToDisplayString(), type.Name);
        }
        else if (IsAccessControl(type))
        {
            Report(context, Diagnostics.AccessControl, call, $"{type.Name}.{method.Name}");
        }
        else if (method.Name == "RunAsClient" && HandleTypes.IsPipe(type, switches))
        {
            Report(context, Diagnostics.Impersonation, call, $"{type.Name}.{method.Name}");
        }
        else if (PlatformMethods.CounterpartOf(method, switches) is null)
        {
            OnHandles(context, method, call.Arguments);
        }
    }

    private static void OnMethodGroup(OperationAnalysisContext context, Switches switches)
    {
        IMethodSymbol method = ((IMethodReferenceOperation)context.Operation).Method;
        if (PlatformMethods.CounterpartOf(method, switches) is not null)
        {
            Report(context, Diagnostics.MethodGroup, context.Operation, $"{method.ContainingType.Name}.{method.Name}");
        }
    }

    private static void OnProperty(OperationAnalysisContext context, Switches switches)
    {
        IPropertySymbol property = ((IPropertyReferenceOperation)context.Operation).Property;
        if (switches.Mutex
            && property.Name == "Mutex"
            && property.ContainingType.ToDisplayString() == "System.Threading.AbandonedMutexException")
        {
            Report(context, Diagnostics.NoMutex, context.Operation, $"{property.ContainingType.Name}.{property.Name}");
        }
    }

    // What this compilation and Fairlead themselves take is replaced as well. A type parameter says nothing about waiting:
    // List<WaitHandle>.Add.
    private static void OnHandles(
        OperationAnalysisContext context, IMethodSymbol method, ImmutableArray<IArgumentOperation> arguments)
    {
        if (SymbolEqualityComparer.Default.Equals(method.ContainingAssembly, context.Compilation.Assembly)
            || method.ContainingAssembly.Name.StartsWith("Fairlead", StringComparison.Ordinal))
        {
            return;
        }

        foreach (IArgumentOperation argument in arguments)
        {
            if (argument.Parameter is { } parameter
                && HandleTypes.TakesHandles(parameter.OriginalDefinition.Type)
                && HandlesIn(argument.Value).FirstOrDefault() is { } handle)
            {
                Report(context, Diagnostics.OtherAssembly, argument, $"{method.ContainingType.Name}.{method.Name}", handle.Name);
            }
        }
    }

    private static IEnumerable<ITypeSymbol> HandlesIn(IOperation value) => value switch
    {
        IConversionOperation conversion => HandlesIn(conversion.Operand),
        IArrayCreationOperation { Initializer: { } several } => several.ElementValues.SelectMany(HandlesIn),
        ICollectionExpressionOperation several => several.Elements.SelectMany(HandlesIn),
        _ => HandleTypes.HandleIn(value.Type) is { } handle ? [handle] : [],
    };

    private static bool HasName(ImmutableArray<IArgumentOperation> arguments) => arguments.Any(static argument =>
        argument.Parameter?.Name is "name" or "pipeName" && argument.Value.ConstantValue is not { HasValue: true, Value: null or "" });

    private static bool HasWriteThrough(ITypeSymbol options, int value) => options
        .GetMembers(WriteThrough)
        .OfType<IFieldSymbol>()
        .Any(field => field.ConstantValue is int flag && (value & flag) != 0);

    private static bool IsAccessControl(INamedTypeSymbol type) => type.ToDisplayString() is
        "System.Threading.MutexAcl" or "System.Threading.SemaphoreAcl" or "System.Threading.EventWaitHandleAcl"
        or "System.Threading.ThreadingAclExtensions" or "System.IO.Pipes.NamedPipeServerStreamAcl" or "System.IO.Pipes.PipesAclExtensions";

    private static void Report(
        OperationAnalysisContext context, DiagnosticDescriptor descriptor, IOperation place, params object[] parts) =>
        context.ReportDiagnostic(Diagnostic.Create(descriptor, place.Syntax.GetLocation(), parts));
}
