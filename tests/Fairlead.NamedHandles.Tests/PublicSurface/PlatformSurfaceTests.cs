using System.Reflection;

namespace Fairlead.NamedHandles.Tests.PublicSurface;

/// <summary>Each public member of the platform's types exists on Fairlead's, with the same signature.</summary>
public sealed class PlatformSurfaceTests
{
    // What Fairlead's types lack, each with the reason.
    private static readonly Dictionary<string, string> Exceptions = new(StringComparer.Ordinal);

    public static TheoryData<Type, Type> Types => new()
    {
        { typeof(System.Threading.Mutex), typeof(Mutex) },
        { typeof(System.Threading.Semaphore), typeof(Semaphore) },
        { typeof(System.Threading.EventWaitHandle), typeof(EventWaitHandle) },
        { typeof(System.Threading.AutoResetEvent), typeof(AutoResetEvent) },
        { typeof(System.Threading.ManualResetEvent), typeof(ManualResetEvent) },
        { typeof(System.IO.Pipes.NamedPipeServerStream), typeof(NamedPipeServerStream) },
        { typeof(System.IO.Pipes.NamedPipeClientStream), typeof(NamedPipeClientStream) },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Each_member_of_the_platform_type_exists_in_Fairlead(Type platform, Type ours)
    {
        Assert.Empty(Members(platform).Except(Members(ours)).Except(Exceptions.Keys));
        Assert.Equal(platform.IsSealed, ours.IsSealed);
        Assert.True(ours.IsAssignableTo(platform.IsAssignableTo(typeof(Stream)) ? typeof(Stream) : typeof(WaitHandle)));
    }

    [Fact]
    public void Each_exception_is_a_member_of_the_platform_and_has_a_reason()
    {
        HashSet<string> missing =
        [
            .. Types.SelectMany(static pair => Members(pair.Data.Item1).Except(Members(pair.Data.Item2))),
        ];
        Assert.Equal(missing.Order(StringComparer.Ordinal), Exceptions.Keys.Order(StringComparer.Ordinal));
        Assert.All(Exceptions.Values, Assert.NotEmpty);
    }

    // Constructors, methods, properties, fields and events, inherited ones too, with the types by their short names.
    private static HashSet<string> Members(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;
        return
        [
            .. type.GetConstructors(All).Select(constructor => $"{type.Name}.new({Parameters(constructor)})"),
            .. type.GetMethods(All)
                .Where(static method => method.DeclaringType != typeof(object))
                .Select(method => $"{type.Name}.{method.Name}({Parameters(method)}) : {Name(method.ReturnType)}"),
            .. type.GetFields(All).Select(field => $"{type.Name}.{field.Name} = {field.GetValue(null)}"),
        ];
    }

    private static string Parameters(MethodBase method) => string.Join(
        ", ",
        method.GetParameters().Select(static one => $"{(one.IsOut ? "out " : "")}{Name(one.ParameterType)} {one.Name}{Preset(one)}"));

    private static string Preset(ParameterInfo parameter) => parameter.HasDefaultValue ? $" = {parameter.DefaultValue}" : "";

    private static string Name(Type type) =>
        type.IsGenericType ? $"{type.Name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.Name;
}
