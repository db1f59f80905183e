using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Fairlead.Rpc.Generator;

/// <summary>Finds types whose values lie in memory as they stand on the wire: they are copied, alone and in arrays.</summary>
/// <remarks>
/// The size on the wire is compared with that in memory at run time, which finds gaps between parts; on a machine with the other order
/// of bytes nothing is copied. The bytes are the same either way.
/// </remarks>
internal static class CopiedType
{
    /// <summary>Returns the bytes of a value on the wire; 0: its parts must be written one by one.</summary>
    public static int SizeOf(ITypeSymbol type, Converters converters) => SizeOf(type, converters, 0);

    private static int SizeOf(ITypeSymbol type, Converters converters, int depth)
    {
        TypeForm form = TypeForm.From(type, converters);
        return form.Kind switch
        {
            FormKind.Simple => SizeOfSimple(type),
            FormKind.Enum => SizeOfSimple(form.Of),
            FormKind.Composite when depth < Marshalling.MaxDepth => SizeOfParts(type, converters, depth),
            _ => 0,
        };
    }

    // Not those whose bits are checked, such as Boolean, or lie in another order, such as Guid.
    private static int SizeOfSimple(ITypeSymbol type) => TypeForm.SimpleOf(type).Method switch
    {
        "Byte" or "SByte" => 1,
        "Int16" or "UInt16" or "Char" or "Half" => 2,
        "Int32" or "UInt32" or "Single" => 4,
        "Int64" or "UInt64" or "Double" => 8,
        "Int128" or "UInt128" => 16,
        _ => 0,
    };

    private static int SizeOfParts(ITypeSymbol type, Converters converters, int depth)
    {
        if (type is not INamedTypeSymbol { IsValueType: true, IsTupleType: false } structure
            || CompositeType.Read(type) is not { CanGrow: false } composite
            || !IsInOrder(structure, composite.Parts))
        {
            return 0;
        }

        int size = 0;
        foreach (CompositeType.Part part in composite.Parts)
        {
            int length = SizeOf(part.Type, converters, depth + 1);
            if (length == 0)
            {
                return 0;
            }

            size += length;
        }

        return size;
    }

    // Its fields are its parts, in their order, and making it would run no code of the type.
    private static bool IsInOrder(INamedTypeSymbol type, IReadOnlyList<CompositeType.Part> parts)
    {
        IFieldSymbol[] fields = [.. type.GetMembers().OfType<IFieldSymbol>().Where(static field => !field.IsStatic && !field.IsConst)];
        return type.DeclaringSyntaxReferences.Length == 1
            && fields.Length == parts.Count
            && fields.Zip(parts, static (field, part) => (field.AssociatedSymbol ?? field).Name == part.Name).All(static same => same)
            && fields.All(static field => field.AssociatedSymbol is null || IsPlain((IPropertySymbol)field.AssociatedSymbol))
            && type.InstanceConstructors.All(static constructor => constructor.IsImplicitlyDeclared || IsOfRecord(constructor))
            && !type.GetAttributes().Any(static found =>
                found.AttributeClass?.Name is "StructLayoutAttribute" or "InlineArrayAttribute");
    }

    // No accessor has a body, and no initializer looks at what the constructor was given.
    private static bool IsPlain(IPropertySymbol property) => property
        .DeclaringSyntaxReferences
        .Select(static reference => reference.GetSyntax())
        .All(static syntax => syntax is ParameterSyntax
            || syntax is PropertyDeclarationSyntax { Initializer: null, ExpressionBody: null, AccessorList: { } list }
                && list.Accessors.All(static accessor => accessor is { Body: null, ExpressionBody: null }));

    private static bool IsOfRecord(IMethodSymbol constructor) =>
        constructor.DeclaringSyntaxReferences.All(static reference => reference.GetSyntax() is RecordDeclarationSyntax);
}
