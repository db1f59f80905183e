using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Fairlead.Rpc.Generator;

/// <summary>A class, record, struct or tuple: its parts in their order, and how it is made of them.</summary>
/// <remarks>
/// With <c>[RpcMember(n)]</c> on its parts it may grow: each part is preceded by its number and length. Without, the parts follow each
/// other.
/// </remarks>
internal sealed class CompositeType
{
    private const string Own = "Fairlead.Rpc";
    private const string NumberName = "RpcMemberAttribute";

    private const string TypesOfSystem =
        "primitives, string, Guid, dates and times, byte buffers, Uri, Version, IPAddress, IPEndPoint, KeyValuePair, arrays, lists, sets, "
        + "dictionaries, immutable collections, tuples";

    private readonly ITypeSymbol _type;
    private readonly ImmutableArray<Part> _parts;
    private readonly int _constructed;
    private readonly bool _setsRequired;

    private CompositeType(ITypeSymbol type, ImmutableArray<Part> parts, int constructed, bool setsRequired) =>
        (_type, _parts, _constructed, _setsRequired) = (type, parts, constructed, setsRequired);

    /// <summary>Whether its parts are numbered.</summary>
    public bool CanGrow => _parts.Any(static part => part.Number > 0);

    /// <summary>Reads a type; null: it cannot be marshalled.</summary>
    /// <param name="type">The type.</param>
    /// <param name="isCase">Whether it is a case of a union, which may be without parts.</param>
    public static CompositeType? Read(ITypeSymbol type, bool isCase = false)
    {
        if (Objection(type, isCase) is not null)
        {
            return null;
        }

        var named = (INamedTypeSymbol)type;
        return named.IsTupleType
            ? new CompositeType(
                type,
                [.. named.TupleElements.Select(static field => new Part(field.Name, field.Type, 0))],
                named.TupleElements.Length,
                setsRequired: false)
            : Match(named, isCase);
    }

    /// <summary>Why a type cannot be marshalled.</summary>
    /// <param name="type">The type.</param>
    /// <param name="isCase">Whether it is a case of a union, which may be without parts.</param>
    public static string Objection(ITypeSymbol type, bool isCase = false)
    {
        if (type is not INamedTypeSymbol named || type.TypeKind is not (TypeKind.Class or TypeKind.Struct))
        {
            return "use a primitive, a text, a collection, a record, a class, a struct, or an interface with [RpcUnion]";
        }

        if (named.IsTupleType)
        {
            return null!;
        }

        if (named.OriginalDefinition.ToDisplayString() == "System.Collections.Generic.KeyValuePair<TKey, TValue>")
        {
            return null!;
        }

        string space = named.ContainingNamespace?.ToDisplayString() ?? "";
        if (space == "System" || space.StartsWith("System.", StringComparison.Ordinal))
        {
            return $"it is not one of the types of .NET that travel ({TypesOfSystem}); write it as one of them, or as a record of your own";
        }

        if (named.IsRefLikeType)
        {
            return "it is a ref struct, which lives on the stack of its thread";
        }

        if (named.IsAbstract)
        {
            return "it is abstract: name the types that its values have with [RpcUnion]";
        }

        CompositeType? match = Match(named, isCase);
        IReadOnlyList<Part> parts = match is null ? PartsOf(named) : match._parts;
        if (parts.Count == 0 && !isCase)
        {
            // A short frame could announce any number of them.
            return "it has no public properties or fields";
        }

        int numbered = parts.Count(static part => part.IsNumbered);
        return parts.Any(static part => part is { IsNumbered: true, Number: < 1 }) ? "the numbers of [RpcMember] begin with 1"
            : numbered != 0 && numbered != parts.Count ? "number all of its properties with [RpcMember], or none"
            : numbered != parts.Select(static part => part.Number).Where(static number => number > 0).Distinct().Count()
                ? "two of its properties have one number"
            : match is null
                ? "it needs a public constructor without parameters, or one with a parameter for each property that has no public setter; "
                    + "[RpcIgnore] leaves a property out"
            : null!;
    }

    /// <summary>The parts as they stand in a shape, and in a value that grows.</summary>
    public IEnumerable<Part> PartsByNumber => _parts.OrderBy(static part => part.Number);

    /// <summary>The parts as they are declared, those of the constructor first.</summary>
    public IReadOnlyList<Part> Parts => _parts;

    /// <summary>The brackets around the parts in a shape.</summary>
    public (string Open, string Close) Brackets => _type.IsTupleType ? ("(", ")") : CanGrow ? ("#{", "}") : ("{", "}");

    /// <summary>The text before a part in a shape.</summary>
    public string Label(Part part) => _type.IsTupleType ? "" : CanGrow ? $"{part.Number}:{part.Name}:" : $"{part.Name}:";

    public string Write(Func<ITypeSymbol, string, string> write)
    {
        StringBuilder code = new("    writer.Enter();\n");
        if (CanGrow)
        {
            code.Append("    int whole = writer.BeginLength();\n");
        }

        foreach (Part part in PartsByNumber)
        {
            string value = $"value.{Escape(part.Name)}";

            // A part that an old sender did not send may be null here, against its type, and is not sent on. A null that the type allows
            // is a value like others.
            bool maySkip = part.Type is { IsReferenceType: true, NullableAnnotation: not NullableAnnotation.Annotated };
            string condition = maySkip ? $"if ({value} is not null)\n                    " : "";
            code.Append(
                CanGrow
                    ? $$"""
                            {{condition}}{
                                writer.WriteCount({{part.Number}});
                                int start = writer.BeginLength();
                                {{write(part.Type, value)}}
                                writer.EndLength(start);
                            }

                        """
                    : $"    {write(part.Type, value)}\n");
        }

        if (CanGrow)
        {
            code.Append("    writer.EndLength(whole);\n");
        }

        return code.Append("    writer.Leave();").ToString();
    }

    public string Read(Func<ITypeSymbol, string> read)
    {
        StringBuilder code = new($"    reader.Enter({(_type.IsValueType ? "" : _parts.Length)});\n");
        foreach (Part part in _parts)
        {
            code.Append($"    {Marshalling.Name(part.Type)} {Local(part)} = {(CanGrow ? part.Default : read(part.Type))};\n");
        }

        if (CanGrow)
        {
            ReadNumbered(code, read);
        }

        return code.Append("    reader.Leave();\n").Append($"    return {Make()};").ToString();
    }

    // A property that was not sent has the value that the type itself gives it, which only an object of the type knows. None is made where
    // the compiler would demand more than the constructor takes.
    private void ReadNumbered(StringBuilder code, Func<ITypeSymbol, string> read)
    {
        bool needsMore = !_setsRequired && _parts.Any(static part => part.IsRequired);
        Part[] initialized = needsMore ? [] : [.. _parts.Skip(_constructed)];
        foreach (Part part in initialized)
        {
            code.Append($"    bool {Arrived(part)} = false;\n");
        }

        code.Append(
            """
                int whole = reader.BeginLength();
                while (reader.HasMore(whole))
                {
                    int number = reader.ReadNumber();
                    int part = reader.BeginLength();
                    switch (number)
                    {

            """);
        foreach (Part part in _parts)
        {
            code.Append($"            case {part.Number}:\n")
                .Append($"                {Local(part)} = {read(part.Type)};\n")
                .Append(initialized.Contains(part) ? $"                {Arrived(part)} = true;\n" : "")
                .Append("                break;\n");
        }

        code.Append(
            """
                    }

                    reader.EndLength(part);
                }

                reader.EndLength(whole);

            """);
        if (initialized.Length > 0)
        {
            code.Append($"    if (!({string.Join(" && ", initialized.Select(Arrived))}))\n    {{\n")
                .Append($"        {Marshalling.Name(_type)} defaults = new({Constructed()});\n");
            foreach (Part part in initialized)
            {
                code.Append($"        {Local(part)} = {Arrived(part)} ? {Local(part)} : defaults.{Escape(part.Name)};\n");
            }

            code.Append("    }\n\n");
        }
    }

    private string Make()
    {
        if (_type.IsTupleType)
        {
            return _parts.Length == 1 ? $"new({Constructed()})" : $"({Constructed()})";
        }

        // The compiler wants a required part set, even if the constructor has taken it.
        IEnumerable<Part> again = _parts.Take(_constructed).Where(part => part.IsRequired && !_setsRequired);
        string set = string.Join(
            ", ", again.Concat(_parts.Skip(_constructed)).Select(static part => $"{Escape(part.Name)} = {Local(part)}"));
        return $"new {Marshalling.Name(_type)}({Constructed()}){(set.Length > 0 ? $" {{ {set} }}" : "")}";
    }

    private string Constructed() => string.Join(", ", _parts.Take(_constructed).Select(Local));

    private static string Local(Part part) => $"part{part.Name}";

    private static string Arrived(Part part) => $"arrived{part.Name}";

    private static string Escape(string name) => $"@{name}";

    // Properties travel by marks that the source and the metadata of an assembly both show: setters, constructors, and whether the compiler
    // wrote the getter. A computed property travels only if nothing but a constructor that takes it can make the type.
    private static CompositeType? Match(INamedTypeSymbol type, bool mayBeEmpty) =>
        Match(type, PartsOf(type), mayBeEmpty) ?? Match(type, PartsOf(type, withComputed: true), mayBeEmpty);

    // The parts that the constructor takes come first, in its order.
    private static CompositeType? Match(INamedTypeSymbol type, List<Part> parts, bool mayBeEmpty)
    {
        foreach (IMethodSymbol constructor in type.InstanceConstructors
            .Where(static one => one.DeclaredAccessibility == Accessibility.Public)
            .OrderByDescending(static one => one.Parameters.Length))
        {
            List<Part> taken = [];
            foreach (IParameterSymbol parameter in constructor.Parameters)
            {
                Part[] fit = [.. parts.Except(taken).Where(part => Fits(part, parameter))];
                if ((fit.FirstOrDefault(part => part.Name == parameter.Name) ?? fit.FirstOrDefault()) is { } part)
                {
                    part.Default = DefaultOf(parameter);
                    taken.Add(part);
                }
            }

            Part[] rest = [.. parts.Except(taken).Where(static part => !part.IsComputed)];
            if (taken.Count == constructor.Parameters.Length
                && (mayBeEmpty || taken.Count + rest.Length > 0)
                && rest.All(static part => part.CanBeSet))
            {
                bool setsRequired = Has(constructor, "System.Diagnostics.CodeAnalysis", "SetsRequiredMembersAttribute");
                return new CompositeType(type, [.. taken, .. rest], taken.Count, setsRequired);
            }
        }

        return null;
    }

    private static bool Fits(Part part, IParameterSymbol parameter) =>
        string.Equals(part.Name, parameter.Name, StringComparison.OrdinalIgnoreCase)
            && SymbolEqualityComparer.Default.Equals(part.Type, parameter.Type);

    // A part that was not sent has the value that a caller of the constructor would leave out.
    private static string DefaultOf(IParameterSymbol parameter)
    {
        object? value = parameter.HasExplicitDefaultValue ? parameter.ExplicitDefaultValue : null;
        string? literal = value switch
        {
            string or char or bool => SymbolDisplay.FormatPrimitive(value, quoteStrings: true, useHexadecimalNumbers: false),
            decimal number => number.ToString(CultureInfo.InvariantCulture) + "m",
            float number when !float.IsNaN(number) && !float.IsInfinity(number) => number.ToString("R", CultureInfo.InvariantCulture) + "f",
            double number when !double.IsNaN(number) && !double.IsInfinity(number) =>
                number.ToString("R", CultureInfo.InvariantCulture) + "d",
            sbyte or byte or short or ushort or int or uint or long or ulong => Convert.ToString(value, CultureInfo.InvariantCulture),
            _ => null,
        };
        return literal is null ? "default!" : $"({Marshalling.Name(parameter.Type)})({literal})";
    }

    private static List<Part> PartsOf(INamedTypeSymbol type, bool withComputed = false)
    {
        List<Part> parts = [];
        HashSet<string> names = new(StringComparer.Ordinal);

        // A base's parts first, as a reader of the source meets them.
        Stack<INamedTypeSymbol> line = new();
        for (INamedTypeSymbol? one = type;
            one is not (null or { SpecialType: SpecialType.System_Object or SpecialType.System_ValueType });
            one = one.BaseType)
        {
            line.Push(one);
        }

        ISymbol[] all = [.. line.SelectMany(static one => one.GetMembers()).Where(static symbol => !symbol.IsStatic)];
        foreach (ISymbol symbol in all.Where(symbol => !IsIgnored(symbol, all)))
        {
            Part? part = symbol switch
            {
                IPropertySymbol { IsIndexer: false, GetMethod.DeclaredAccessibility: Accessibility.Public } property
                    when property.DeclaredAccessibility == Accessibility.Public =>
                    new Part(property.Name, property.Type, NumberOf(property))
                    {
                        CanBeSet = property.SetMethod is { DeclaredAccessibility: Accessibility.Public },
                        IsRequired = property.IsRequired,
                        IsComputed = property.SetMethod is null && !IsAutomatic(property.GetMethod),
                        IsNumbered = Has(property, Own, NumberName),
                    },
                IFieldSymbol { DeclaredAccessibility: Accessibility.Public } field =>
                    new Part(field.Name, field.Type, NumberOf(field))
                    {
                        CanBeSet = !field.IsReadOnly,
                        IsRequired = field.IsRequired,
                        IsNumbered = Has(field, Own, NumberName),
                    },
                _ => null,
            };
            if (part is not null && (withComputed || !part.IsComputed) && names.Add(part.Name))
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    // A member that hides one of a base stands for it, and so does the attribute of one that overrides.
    private static bool IsIgnored(ISymbol symbol, IEnumerable<ISymbol> all) =>
        Has(symbol, Own, "RpcIgnoreAttribute")
        || all.SkipWhile(one => !ReferenceEquals(one, symbol)).Skip(1).Any(one =>
            one.Name == symbol.Name
            && one is IPropertySymbol or IFieldSymbol
            && one.DeclaredAccessibility == Accessibility.Public
            && (!one.IsOverride || Has(one, Own, "RpcIgnoreAttribute")));

    // Whether the compiler wrote the getter. In the metadata of another assembly its attribute says so: backing fields do not stand there.
    private static bool IsAutomatic(IMethodSymbol getter) => getter.DeclaringSyntaxReferences is { Length: > 0 } references
        ? references.Select(static reference => reference.GetSyntax()).All(static syntax => syntax switch
        {
            AccessorDeclarationSyntax accessor => accessor is { Body: null, ExpressionBody: null },
            ArrowExpressionClauseSyntax => false,
            _ => true,
        })
        : getter.IsImplicitlyDeclared || Has(getter, "System.Runtime.CompilerServices", "CompilerGeneratedAttribute");

    private static int NumberOf(ISymbol symbol) => AttributeOf(symbol, Own, NumberName)
        ?.ConstructorArguments.FirstOrDefault().Value is int number ? number : 0;

    private static bool Has(ISymbol symbol, string space, string name) => AttributeOf(symbol, space, name) is not null;

    private static AttributeData? AttributeOf(ISymbol symbol, string space, string name) => symbol
        .GetAttributes()
        .FirstOrDefault(found => found.AttributeClass?.Name == name && found.AttributeClass.ContainingNamespace.ToDisplayString() == space);

    /// <summary>A part of a composite value.</summary>
    /// <param name="Name">The name of the property or field.</param>
    /// <param name="Type">Its type.</param>
    /// <param name="Number">The number by which it travels; 0: by its place.</param>
    public sealed record Part(string Name, ITypeSymbol Type, int Number)
    {
        public bool CanBeSet { get; init; }

        public bool IsComputed { get; init; }

        public bool IsRequired { get; init; }

        public bool IsNumbered { get; init; }

        /// <summary>Its value where it was not sent, as code.</summary>
        public string Default { get; set; } = "default!";

        // By reference: a part is one symbol of one type.
        public bool Equals(Part? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Name);
    }
}
