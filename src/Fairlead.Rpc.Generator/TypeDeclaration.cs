using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>Types and members in C#, as the description of a contract shows them to people.</summary>
internal static class TypeDeclaration
{
    private const int MostValues = 256;

    /// <summary>How names are written: short, with nullability.</summary>
    public static SymbolDisplayFormat Format { get; } = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameOnly,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        memberOptions: SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeDefaultValue,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>A type with parts, as a record, whatever it is in the source; null: a tuple is not declared.</summary>
    public static string? Of(ITypeSymbol type, CompositeType composite)
    {
        if (type.IsTupleType)
        {
            return null;
        }

        string parts = string.Join(", ", composite.Parts.Select(static part =>
            $"{(part.Number > 0 ? $"[RpcMember({part.Number})] " : "")}{part.Type.ToDisplayString(Format)} {part.Name}"));
        return $"{Summary(type)}public record {(type.IsValueType ? "struct " : "")}{type.ToDisplayString(Format)}({parts});";
    }

    /// <summary>A union with its cases, which are declared apart.</summary>
    public static string OfUnion(INamedTypeSymbol type, IReadOnlyList<UnionType.Case> cases)
    {
        string list = string.Join(", ", cases.Select(static one => $"RpcUnion({one.Number}, typeof({one.Type.ToDisplayString(Format)}))"));
        string kind = type.TypeKind == TypeKind.Interface ? "interface" : type.IsAbstract ? "abstract class" : "class";
        return $"{Summary(type)}[{list}] public {kind} {type.ToDisplayString(Format)};";
    }

    /// <summary>A type that travels as another one, which is declared apart if it has parts.</summary>
    public static string OfConverted(ITypeSymbol type, ITypeSymbol parts) =>
        $"{Summary(type)}using {type.ToDisplayString(Format)} = {parts.ToDisplayString(Format)};";

    /// <summary>An enum with its values.</summary>
    public static string OfEnum(INamedTypeSymbol type)
    {
        IFieldSymbol[] values = [.. type.GetMembers().OfType<IFieldSymbol>().Where(static field => field.HasConstantValue)];
        string names = string.Join(
            ", ",
            values.Take(MostValues).Select(static field => string.Format(
                CultureInfo.InvariantCulture, "{0} = {1}", field.Name, field.ConstantValue)));
        string rest = values.Length > MostValues ? ", …" : "";
        string number = type.EnumUnderlyingType!.SpecialType == SpecialType.System_Int32
            ? ""
            : $" : {type.EnumUnderlyingType.ToDisplayString(Format)}";
        bool isFlags = type.GetAttributes().Any(static found => found.AttributeClass?.ToDisplayString() == "System.FlagsAttribute");
        return $"{Summary(type)}{(isFlags ? "[Flags] " : "")}public enum {type.Name}{number} {{ {names}{rest} }}";
    }

    /// <summary>A member as its declaration in the contract.</summary>
    public static string OfMember(Member member) =>
        member.Method.ToDisplayString(Format).Replace("default(CancellationToken)", "default") + ";";

    /// <summary>A contract with its members, as the description itself shows its own.</summary>
    public static string OfContract(INamedTypeSymbol contract, IReadOnlyList<Member> members)
    {
        StringBuilder text = new($"{Summary(contract)}public interface {contract.ToDisplayString(Format)}\n{{\n");
        foreach (Member member in members)
        {
            string summary = Documentation.Summary(member.Method);
            text.Append(summary.Length > 0 ? $"    /// {summary}\n" : "")
                .Append("    ")
                .Append(member.Kinds.Contains("OneWay") ? "[OneWay] " : "")
                .Append(member.Kinds.Contains("Idempotent") ? "[Idempotent] " : "")
                .Append(OfMember(member))
                .Append('\n');
        }

        return text.Append('}').ToString();
    }

    /// <summary>An <c>IProgress</c>, as a contract with its member.</summary>
    public static string OfProgress(ITypeSymbol report)
    {
        string type = report.ToDisplayString(Format);
        return $"public interface IProgress<{type}>\n{{\n    void Report({type} value);\n}}";
    }

    private static string Summary(ITypeSymbol type) => Documentation.Summary(type) is { Length: > 0 } text ? $"/// {text}\n" : "";
}
