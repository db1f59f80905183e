using System.Collections;
using System.Reflection;
using System.Reflection.Emit;

namespace Fairlead.Tests.Arguments;

/// <summary>Calls any public method, including those that take a span, and waits for the operation that it begins.</summary>
internal static class Invocation
{
    /// <summary>
    /// A call by its method: target, arguments (a byte array for a span), result. Out and reference parameters get separate variables.
    /// </summary>
    public static Func<object?, object?[], object?> Of(MethodInfo method)
    {
        DynamicMethod call = new(
            $"Call {method.Name}", typeof(object), [typeof(object), typeof(object[])], typeof(Invocation).Module, skipVisibility: true);
        ILGenerator il = call.GetILGenerator();
        if (!method.IsStatic)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(method.DeclaringType!.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, method.DeclaringType);
        }

        List<LocalBuilder> outs = [];
        ParameterInfo[] parameters = method.GetParameters();
        for (int i = 0; i < parameters.Length; i++)
        {
            Type type = parameters[i].ParameterType;
            if (type.IsByRef)
            {
                LocalBuilder variable = il.DeclareLocal(type.GetElementType()!);
                if (parameters[i].IsOut)
                {
                    outs.Add(variable);
                }
                else
                {
                    LoadArgument(il, i, type.GetElementType()!);
                    il.Emit(OpCodes.Stloc, variable);
                }

                il.Emit(OpCodes.Ldloca, variable);
            }
            else
            {
                LoadArgument(il, i, type);
            }
        }

        il.Emit(method.IsStatic || method.DeclaringType!.IsValueType ? OpCodes.Call : OpCodes.Callvirt, method);
        if (method.ReturnType == typeof(bool))
        {
            // A resource that a successful call returns is released on the thread of the call.
            Label isDone = il.DefineLabel();
            il.Emit(OpCodes.Dup);
            il.Emit(OpCodes.Brfalse, isDone);
            foreach (LocalBuilder made in outs.Where(static made =>
                made.LocalType.IsValueType && made.LocalType.GetMethod("Dispose", []) is not null))
            {
                il.Emit(OpCodes.Ldloca, made);
                il.Emit(OpCodes.Call, made.LocalType.GetMethod("Dispose", [])!);
            }

            il.MarkLabel(isDone);
        }

        if (method.ReturnType == typeof(void))
        {
            il.Emit(OpCodes.Ldnull);
        }
        else if (method.ReturnType.IsByRefLike || method.ReturnType.IsByRef)
        {
            il.Emit(OpCodes.Pop);
            il.Emit(OpCodes.Ldnull);
        }
        else if (method.ReturnType.IsValueType)
        {
            il.Emit(OpCodes.Box, method.ReturnType);
        }

        il.Emit(OpCodes.Ret);
        return call.CreateDelegate<Func<object?, object?[], object?>>();
    }

    /// <summary>Waits until the operation has ended, and releases its result.</summary>
    public static async Task FinishAsync(object? result)
    {
        switch (result)
        {
            case Task task:
                await task;
                await FinishAsync(task.GetType().GetProperty("Result")?.GetValue(task));
                break;
            case ValueTask task:
                await task;
                break;
            case not null when result.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ValueTask<>):
                await FinishAsync(type.GetMethod("AsTask")!.Invoke(result, null));
                break;
            case not null when Interface(result, typeof(IAsyncEnumerable<>)) is { } sequence:
                await (Task)
                    typeof(Invocation)
                        .GetMethod(nameof(FirstAsync), BindingFlags.Static | BindingFlags.NonPublic)!
                        .MakeGenericMethod(sequence.GenericTypeArguments)
                        .Invoke(null, [result])!;
                break;
            case MessagingEndpoint or string:
                break;
            case IDisposable disposable:
                disposable.Dispose();
                break;
            case IEnumerable items:
                foreach (object? item in items)
                {
                    (item as IDisposable)?.Dispose();
                }

                break;
        }
    }

    private static void LoadArgument(ILGenerator il, int index, Type type)
    {
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldc_I4, index);
        il.Emit(OpCodes.Ldelem_Ref);
        if (type == typeof(ReadOnlySpan<byte>))
        {
            il.Emit(OpCodes.Castclass, typeof(byte[]));
            il.Emit(OpCodes.Call, typeof(ReadOnlySpan<byte>).GetMethod("op_Implicit", [typeof(byte[])])!);
        }
        else
        {
            il.Emit(OpCodes.Unbox_Any, type);
        }
    }

    private static Type? Interface(object of, Type definition) =>
        of.GetType().GetInterfaces().FirstOrDefault(type => type.IsGenericType && type.GetGenericTypeDefinition() == definition);

    private static async Task FirstAsync<T>(IAsyncEnumerable<T> sequence)
    {
        await foreach (T item in sequence)
        {
            (item as IDisposable)?.Dispose();
            break;
        }
    }
}
