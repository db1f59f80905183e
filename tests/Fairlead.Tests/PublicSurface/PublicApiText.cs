using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Fairlead.Tests.PublicSurface;

/// <summary>Writes the public surface of an assembly as text: a line for each type and each member, sorted.</summary>
internal static class PublicApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(char)] = "char",
        [typeof(double)] = "double",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(uint)] = "uint",
        [typeof(ulong)] = "ulong",
        [typeof(ushort)] = "ushort",
    };

    /// <summary>Members of all exported types, each line preceded by its type's, sorted by name.</summary>
    public static string Of(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach (string member in Members(type).Distinct().Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Header(Type type)
    {
        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : "class";
        string modifier =
            type.IsEnum || type.IsInterface ? ""
            : type.IsValueType ? (type.IsByRefLike ? "ref " : "") + (IsReadOnly(type) ? "readonly " : "")
            : type is { IsAbstract: true, IsSealed: true } ? "static "
            : type.IsAbstract ? "abstract "
            : type.IsSealed ? "sealed "
            : "";
        IEnumerable<string> bases = (type.BaseType is { } parent && !IsImplied(parent) ? [Name(parent)] : Array.Empty<string>())
            .Concat(type.IsEnum
                ? []
                : type.GetInterfaces()
                    .Where(candidate => candidate.IsVisible && type.BaseType?.IsAssignableTo(candidate) != true)
                    .Select(Name)
                    .Order(StringComparer.Ordinal));
        string inherits = string.Join(", ", bases);
        return $"{modifier}{kind} {type.Namespace}.{Name(type)}{(inherits.Length > 0 ? " : " + inherits : "")}"
            + Constraints(type.GetGenericArguments());
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(field => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}");
        }

        return type.GetConstructors(Declared)
            .Where(IsVisible)
            .Select(constructor => $"{Access(constructor)}{Simple(type)}({Parameters(constructor)})")
            .Concat(type.GetMethods(Declared).Where(method => IsVisible(method) && IsWritten(method)).Select(Method))
            .Concat(type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsVisible)).Select(Property))
            .Concat(type.GetEvents(Declared).Where(happening => IsVisible(happening.AddMethod!)).Select(Event))
            .Concat(type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily).Select(Field));
    }

    private static string Method(MethodInfo method)
    {
        string generics = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        string returns = Name(method.ReturnType, Nullability.Create(method.ReturnParameter));
        string extends = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return $"{Access(method)}{returns} {method.Name}{generics}({extends}{Parameters(method)})"
            + Constraints(method.GetGenericArguments());
    }

    private static string Property(PropertyInfo property)
    {
        MethodInfo accessor = property.GetAccessors(nonPublic: true).First(IsVisible);
        string index = property.GetIndexParameters() is { Length: > 0 } indices ? $"[{string.Join(", ", indices.Select(Parameter))}]" : "";
        string set = property.SetMethod is { } setter && IsVisible(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;" : " set;"
            : "";
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        string type = Name(property.PropertyType, Nullability.Create(property));
        return $"{Access(accessor)}{required}{type} {property.Name}{index} {{ get;{set} }}";
    }

    private static string Event(EventInfo happening) =>
        $"{Access(happening.AddMethod!)}event {Name(happening.EventHandlerType!, Nullability.Create(happening))} {happening.Name}";

    private static string Field(FieldInfo field) =>
        $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType, Nullability.Create(field))} {field.Name}";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        string passing =
            parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params "
            : !type.IsByRef ? ""
            : parameter.IsOut ? "out "
            : parameter.IsIn ? "in "
            : "ref ";
        string preset = parameter.HasDefaultValue ? $" = {Preset(parameter)}" : "";
        return $"{passing}{Name(type.IsByRef ? type.GetElementType()! : type, Nullability.Create(parameter))} {parameter.Name}{preset}";
    }

    private static string Preset(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null => parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        var other => Convert.ToString(other, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Name(Type type) => Name(type, null);

    private static string Name(Type type, NullabilityInfo? info)
    {
        string suffix = info is { ReadState: NullabilityState.Nullable } && !type.IsValueType ? "?" : "";
        if (type.IsByRef)
        {
            return "ref " + Name(type.GetElementType()!, info);
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Name(underlying) + "?";
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!, info?.ElementType)}[]{suffix}";
        }

        if (Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword + suffix;
        }

        string own = Simple(type);
        if (type.IsGenericType)
        {
            Type[] arguments = type.GetGenericArguments();
            int inherited = type.DeclaringType?.GetGenericArguments().Length ?? 0;
            IEnumerable<string> names = arguments
                .Select((argument, at) => Name(argument, info?.GenericTypeArguments is { } inner && at < inner.Length ? inner[at] : null))
                .Skip(inherited);
            own += arguments.Length > inherited ? $"<{string.Join(", ", names)}>" : "";
        }

        return (type is { IsNested: true, IsGenericParameter: false } ? Name(type.DeclaringType!) + "." : "") + own + suffix;
    }

    private static string Simple(Type type) => type.Name.Split('`')[0];

    private static string Constraints(Type[] parameters) =>
        string.Concat(
            parameters
                .Where(parameter => parameter.IsGenericParameter)
                .Select(parameter => (parameter.Name, Of: ConstraintsOf(parameter)))
                .Where(one => one.Of.Length > 0)
                .Select(one => $" where {one.Name} : {one.Of}"));

    private static string ConstraintsOf(Type parameter)
    {
        GenericParameterAttributes attributes = parameter.GenericParameterAttributes;
        bool isUnmanaged = parameter.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "IsUnmanagedAttribute");
        return string.Join(
            ", ",
            new[]
            {
                attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) ? "class" : "",
                isUnmanaged ? "unmanaged" : attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint) ? "struct" : "",
                attributes.HasFlag(GenericParameterAttributes.AllowByRefLike) ? "allows ref struct" : "",
            }
                .Concat(parameter.GetGenericParameterConstraints().Where(constraint => constraint != typeof(ValueType)).Select(Name))
                .Where(constraint => constraint.Length > 0));
    }

    private static string Access(MethodBase method) =>
        (method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "")
        + (method.IsStatic ? "static " : "")
        + (method.DeclaringType!.IsInterface ? ""
            : method is MethodInfo info && info.GetBaseDefinition() != info ? "override "
            : method.IsAbstract ? "abstract "
            : method is { IsVirtual: true, IsFinal: false } ? "virtual "
            : "");

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    /// <summary>Returns whether the method is neither an accessor nor generated by the compiler for a record.</summary>
    private static bool IsWritten(MethodInfo method) =>
        (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
        && method.Name is not ("<Clone>$" or "PrintMembers")
        && !(method.IsDefined(typeof(CompilerGeneratedAttribute))
            && method.Name is "Equals" or "GetHashCode" or "op_Equality" or "op_Inequality");

    private static bool IsReadOnly(Type type) =>
        type.CustomAttributes.Any(attribute => attribute.AttributeType.FullName == "System.Runtime.CompilerServices.IsReadOnlyAttribute");

    private static bool IsImplied(Type type) =>
        type == typeof(object) || type == typeof(ValueType) || type == typeof(Enum);
}
