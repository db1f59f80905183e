using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Fairlead.Rpc.Generator;

/// <summary>Writes the stub, the skeleton and the marshalling of each interface with <c>[RpcContract]</c>.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class RpcGenerator : IIncrementalGenerator
{
    /// <summary>The name of the step whose output is compared, for tests.</summary>
    public const string Step = "Contracts";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ContractFile> files = context
            .SyntaxProvider.ForAttributeWithMetadataName(
                "Fairlead.Rpc.RpcContractAttribute",
                static (node, _) => node is InterfaceDeclarationSyntax,
                static (found, cancellationToken) => ContractReader.Read((INamedTypeSymbol)found.TargetSymbol, cancellationToken))
            .WithTrackingName(Step);
        context.RegisterSourceOutput(
            files.Where(static file => file.Source.Length > 0), static (output, file) => output.AddSource(file.Name, file.Source));

        // Apart from the code, because a place within a file, which #pragma needs, is of one compilation.
        Report(context, files.Select(static (file, _) => file.Findings));
        Report(
            context,
            context.SyntaxProvider.ForAttributeWithMetadataName(
                "Fairlead.Rpc.RpcConverterAttribute",
                static (_, _) => true,
                static (found, _) => ConverterReader.Read(found.TargetSymbol, found.Attributes)));
    }

    private static void Report(
        IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<EquatableArray<Finding>> findings) =>
        context.RegisterSourceOutput(
            findings.Where(static found => found.Count > 0).Combine(context.CompilationProvider),
            static (output, found) =>
            {
                foreach (Finding finding in found.Left)
                {
                    output.ReportDiagnostic(finding.ToDiagnostic(found.Right));
                }
            });
}

/// <summary>The generated code of a contract, and what there is to say about it. Compared by value.</summary>
internal sealed record ContractFile(string Name, string Source, EquatableArray<Finding> Findings);

/// <summary>A member, read.</summary>
/// <param name="Method">The method.</param>
/// <param name="Parameters">The parameters that travel.</param>
/// <param name="Token">The token; null without one.</param>
/// <param name="Result">The type of the result; null without one.</param>
/// <param name="Form">How it is called.</param>
/// <param name="Kinds">The flags of the description.</param>
internal sealed record Member(
    IMethodSymbol Method,
    ImmutableArray<IParameterSymbol> Parameters,
    IParameterSymbol? Token,
    ITypeSymbol? Result,
    CallForm Form,
    string Kinds)
{
    /// <summary>The parameters that are streams.</summary>
    public IEnumerable<IParameterSymbol> Uploads => Parameters.Where(static one => ItemOf(one.Type) is not null);

    /// <summary>The parameter with the options of a call, which does not travel; null: there is none.</summary>
    public IParameterSymbol? Options => Method.Parameters.FirstOrDefault(static one => IsOptions(one.Type));

    /// <summary>Whether a type is the one of the options of a call.</summary>
    public static bool IsOptions(ITypeSymbol type) => type.OriginalDefinition is INamedTypeSymbol { Name: "RpcCallOptions" } named
        && named.ContainingNamespace.ToDisplayString() == "Fairlead.Rpc";

    /// <summary>Whether it reports progress.</summary>
    public bool Reports => Parameters.Any(static one => ReportOf(one.Type) is not null);

    /// <summary>Whether the result is a stream of bytes, returned as it is or by a task.</summary>
    public bool ReturnsBytes => Form == CallForm.Stream
        && (IsByteStream(Method.ReturnType) || ItemOf(Method.ReturnType) is null);

    /// <summary>Whether the result or a parameter is a stream.</summary>
    public bool HasStreams => Form == CallForm.Stream || Uploads.Any();

    /// <summary>Whether a type is itself a contract: its object stays with the caller, and is called back.</summary>
    public static bool IsContract(ITypeSymbol type) => type.TypeKind == TypeKind.Interface
        && type.GetAttributes().Any(static found => found.AttributeClass?.ToDisplayString() == "Fairlead.Rpc.RpcContractAttribute");

    /// <summary>Whether the object of a parameter is passed for the call only.</summary>
    public static bool IsDuringCall(IParameterSymbol parameter) => parameter
        .GetAttributes()
        .Any(static found => found.AttributeClass?.ToDisplayString() == "Fairlead.Rpc.DuringCallAttribute");

    /// <summary>The type of a report to an <c>IProgress</c>; null for another type.</summary>
    public static ITypeSymbol? ReportOf(ITypeSymbol type) =>
        type is INamedTypeSymbol { IsGenericType: true } generic && generic.OriginalDefinition.ToDisplayString() == "System.IProgress<T>"
            ? generic.TypeArguments[0]
            : null;

    /// <summary>Whether a type is the stream of bytes of the base library, and none that derives from it.</summary>
    public static bool IsByteStream(ITypeSymbol type) =>
        type is INamedTypeSymbol { Name: "Stream", ContainingType: null, TypeKind: TypeKind.Class } named
            && named.ContainingNamespace.ToDisplayString() == "System.IO";

    /// <summary>The type of an item of a stream; null for a type that is not a stream.</summary>
    public static ITypeSymbol? ItemOf(ITypeSymbol type)
    {
        if (IsByteStream(type))
        {
            // The type byte[], as the base library has it.
            return type
                .GetMembers("Write")
                .OfType<IMethodSymbol>()
                .Select(static method => method.Parameters[0].Type)
                .First(static first => first is IArrayTypeSymbol)
                .WithNullableAnnotation(NullableAnnotation.NotAnnotated);
        }

        return type is INamedTypeSymbol { IsGenericType: true } generic
            && generic.OriginalDefinition.ToDisplayString() == "System.Collections.Generic.IAsyncEnumerable<T>"
            ? generic.TypeArguments[0]
            : null;
    }
}

/// <summary>How a member is called.</summary>
internal enum CallForm
{
    Blocking,
    Task,
    ValueTask,

    /// <summary>The result is a stream; its type is that of an item.</summary>
    Stream,
}
