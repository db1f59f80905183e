using System.Collections.Immutable;
using Fairlead.Rpc.Contracts;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>Reads an interface as a contract: which members it has, and what cannot be called.</summary>
internal static class ContractReader
{
    public static ContractFile Read(INamedTypeSymbol contract, CancellationToken cancellationToken)
    {
        List<Finding> findings = [];
        string file = FileName(Marshalling.Name(contract, plain: true));
        if (!IsVisible(contract))
        {
            findings.Add(Finding.At(contract, Diagnostics.HiddenContract, contract.Name));
            return new ContractFile(file, "", Array(findings));
        }

        string name = WireName(contract);
        if (!ContractName.IsName(name))
        {
            findings.Add(Finding.At(contract, Diagnostics.UnusableName, name, ContractName.Rule));
        }

        List<Member> members = Members(contract, findings, cancellationToken);
        SerializerChoice? serializer = SerializerChoice.Of(contract, findings);
        var converters = Converters.Of(contract);

        // Those of its own assembly are reported where they stand.
        findings.AddRange(converters.Unusable
            .Where(static wrong => wrong.Attribute.ApplicationSyntaxReference is null)
            .Select(wrong => wrong.ToFinding(contract)));
        if (serializer is not null && Converters.StandOn(contract))
        {
            findings.Add(Finding.At(
                contract, Diagnostics.UnusableConverter, contract.Name, "the serializer of that contract marshals all of its values"));
        }

        if (converters.Unusable.Count > 0)
        {
            return new ContractFile(file, "", Array(findings));
        }

        Marshalling marshalling = new(findings, converters, serializer);
        string source = ContractWriter.Write(contract, name, members, TurnsOfContract.Of(contract, findings), marshalling);
        bool isWhole = findings.All(static finding => finding.Descriptor.DefaultSeverity != DiagnosticSeverity.Error);
        return new ContractFile(file, isWhole ? source : "", Array(findings));
    }

    /// <summary>Reads the members of an interface and of those that it extends.</summary>
    public static List<Member> Members(INamedTypeSymbol contract, List<Finding> findings, CancellationToken cancellationToken)
    {
        List<Member> members = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (ISymbol symbol in contract.GetMembers().Concat(contract.AllInterfaces.SelectMany(static one => one.GetMembers())))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (symbol is IMethodSymbol { MethodKind: not MethodKind.Ordinary } or INamedTypeSymbol || IsOwnCode(symbol))
            {
                continue;
            }

            if (!names.Add(symbol.Name))
            {
                findings.Add(Finding.At(symbol, Diagnostics.SameName, symbol.Name));
            }
            else if (Read(symbol, findings) is { } member)
            {
                members.Add(member);
            }
        }

        return members;
    }

    // Private, sealed or static: a service does not implement it.
    private static bool IsOwnCode(ISymbol symbol) => !symbol.IsAbstract && (symbol.IsStatic || !symbol.IsVirtual);

    // The compiler compares the names of files without regard to case, and so would take IFoo and IFOO for one: their hashes differ.
    private static string FileName(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (char letter in name)
        {
            hash = (hash ^ letter) * 1099511628211;
        }

        return $"{name}.{hash % 0x1_0000:x4}.Rpc.g.cs";
    }

    private static string WireName(INamedTypeSymbol contract) => contract
        .GetAttributes()
        .Where(static found => found.AttributeClass?.ToDisplayString() == "Fairlead.Rpc.RpcContractAttribute")
        .SelectMany(static found => found.NamedArguments)
        .FirstOrDefault(static argument => argument.Key == "Name")
        .Value.Value as string ?? Marshalling.Name(contract, plain: true);

    private static EquatableArray<Finding> Array(List<Finding> findings) => new(findings.ToImmutableArray());

    private static bool IsVisible(INamedTypeSymbol contract)
    {
        for (INamedTypeSymbol? type = contract; type is not null; type = type.ContainingType)
        {
            if (type.IsGenericType || type.IsFileLocal
                || type.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal))
            {
                return false;
            }
        }

        return true;
    }

    private static Member? Read(ISymbol symbol, List<Finding> findings)
    {
        if (symbol.IsStatic)
        {
            findings.Add(Finding.At(symbol, Diagnostics.UnsupportedMember, symbol.Name, "a static member has no object to be called"));
            return null;
        }

        if (symbol is not IMethodSymbol method)
        {
            findings.Add(Finding.At(symbol, Diagnostics.UnsupportedMember, symbol.Name, "a contract has methods only"));
            return null;
        }

        if (Objection(method) is { } objection)
        {
            findings.Add(Finding.At(symbol, Diagnostics.UnsupportedMember, symbol.Name, objection));
            return null;
        }

        (CallForm form, ITypeSymbol? result) = FormOf(method.ReturnType);
        IParameterSymbol? token = method.Parameters.LastOrDefault(static parameter => IsToken(parameter.Type));
        if (token is null && form != CallForm.Blocking)
        {
            findings.Add(Finding.At(symbol, Diagnostics.MissingCancellationToken, symbol.Name));
        }

        bool isOneWay = Has(method, "OneWayAttribute");
        if (isOneWay && result is not null)
        {
            findings.Add(Finding.At(symbol, Diagnostics.UnsupportedMember, symbol.Name, "a one-way member returns nothing"));
            return null;
        }

        bool hasUploads = method.Parameters.Any(static parameter => Member.ItemOf(parameter.Type) is not null);
        if (hasUploads && (isOneWay || form == CallForm.Blocking))
        {
            findings.Add(Finding.At(
                symbol, Diagnostics.UnsupportedMember, symbol.Name, "a member that takes a stream returns a task, and is not one-way"));
            return null;
        }

        bool reports = method.Parameters.Any(static parameter => Member.ReportOf(parameter.Type) is not null);
        if (reports && (isOneWay || form == CallForm.Blocking))
        {
            findings.Add(Finding.At(
                symbol,
                Diagnostics.UnsupportedMember,
                symbol.Name,
                "a member that takes an IProgress returns a task or a stream, and is not one-way"));
            return null;
        }

        if (method.Parameters.FirstOrDefault(static one => Member.IsDuringCall(one) && !Member.IsContract(one.Type)) is { } value)
        {
            findings.Add(Finding.At(
                symbol,
                Diagnostics.UnsupportedMember,
                symbol.Name,
                $"[DuringCall] of '{value.Name}' has no effect, because its type is not a contract"));
            return null;
        }

        if (isOneWay && method.Parameters.Any(Member.IsDuringCall))
        {
            findings.Add(Finding.At(
                symbol, Diagnostics.UnsupportedMember, symbol.Name, "a one-way call ends before its [DuringCall] object could be called"));
            return null;
        }

        string[] kinds = [isOneWay ? "RpcMemberKinds.OneWay" : "", Has(method, "IdempotentAttribute") ? "RpcMemberKinds.Idempotent" : ""];
        string flags = string.Join(" | ", kinds.Where(static kind => kind.Length > 0));
        return new Member(
            method,
            [.. method.Parameters.Where(static parameter => !IsToken(parameter.Type) && !Member.IsOptions(parameter.Type))],
            token,
            result,
            form,
            flags.Length > 0 ? flags : "RpcMemberKinds.None");
    }

    private static string? Objection(IMethodSymbol method) =>
        method.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal) ? "it is protected"
        : method.IsGenericMethod ? "a generic method has no fixed types"
        : method.ReturnsByRef || method.ReturnsByRefReadonly ? "it returns a reference"
        : method.Parameters.Any(static parameter => parameter.RefKind is not RefKind.None) ? "a parameter is passed by reference"
        : method.Parameters.Count(static parameter => IsToken(parameter.Type)) > 1 ? "it has two tokens"
        : method.Parameters.Count(static parameter => Member.IsOptions(parameter.Type)) > 1 ? "it has two RpcCallOptions"
        : method.Parameters.Any(IsOptionsOfService)
            ? "RpcCallOptions do not travel, and the service gets null: declare 'RpcCallOptions? options = null'"
        : method.Parameters.Any(static parameter => IsOptionalStream(parameter.Type)) || IsOptionalStream(ResultOf(method.ReturnType))
            ? "a Stream cannot be null: pass an empty one, such as Stream.Null"
        : null;

    private static (CallForm Form, ITypeSymbol? Result) FormOf(ITypeSymbol type)
    {
        if (type.SpecialType == SpecialType.System_Void)
        {
            return (CallForm.Blocking, null);
        }

        if (!Member.IsByteStream(type) && Member.ItemOf(type) is { } item)
        {
            return (CallForm.Stream, item);
        }

        CallForm form = type.ContainingNamespace?.ToDisplayString() != "System.Threading.Tasks" ? CallForm.Blocking
            : type.Name == "Task" ? CallForm.Task
            : type.Name == "ValueTask" ? CallForm.ValueTask
            : CallForm.Blocking;
        ITypeSymbol? result = form == CallForm.Blocking ? type : ((INamedTypeSymbol)type).TypeArguments.FirstOrDefault();
        return result is not null && Member.IsByteStream(result) ? (CallForm.Stream, Member.ItemOf(result)) : (form, result);
    }

    private static ITypeSymbol ResultOf(ITypeSymbol type) =>
        type is INamedTypeSymbol { Name: "Task" or "ValueTask", TypeArguments.Length: 1 } task ? task.TypeArguments[0] : type;

    private static bool IsOptionalStream(ITypeSymbol type) =>
        Member.IsByteStream(type) && type.NullableAnnotation == NullableAnnotation.Annotated;

    private static bool IsOptionsOfService(IParameterSymbol parameter) =>
        Member.IsOptions(parameter.Type) && parameter.NullableAnnotation == NullableAnnotation.NotAnnotated;

    private static bool IsToken(ITypeSymbol type) => type.ToDisplayString() == "System.Threading.CancellationToken";

    private static bool Has(ISymbol symbol, string attribute) => symbol
        .GetAttributes()
        .Any(found => found.AttributeClass?.Name == attribute
            && found.AttributeClass.ContainingNamespace.ToDisplayString() == "Fairlead.Rpc");
}
